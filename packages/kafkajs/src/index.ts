export { isClientError } from '@millrace/client';
