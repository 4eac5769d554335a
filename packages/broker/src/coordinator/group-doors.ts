/** What the handlers of the group APIs may reach. */
import type { Exchange } from '../exchange.ts';
import type { MetadataImage } from '../metadata/image.ts';
import type { TransactionCoordinator } from '../transaction/transaction-coordinator.ts';
import type { Coordinator } from './coordinator.ts';

export interface GroupDoors {
  readonly coordinator: Coordinator;
  readonly transactions: Pick<TransactionCoordinator, 'ensure'>;
  readonly image: MetadataImage;
  readonly nodeId: number;
  /** What a client of this listener is told to connect to. */
  advertised(listenerName: string): { readonly host: string; readonly port: number };
  answer(exchange: Exchange, response: object): void;
}
