import { type ApiName, apis } from '@millrace/protocol';

/** What an API is called in events and errors: Kafka's name but for one. */
export function apiNameOf(api: ApiName): string {
  return api === 'findCoordinator' ? 'GroupCoordinator' : apis[api].name;
}
