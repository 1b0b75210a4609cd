/** Why an export or its verification was refused; the message is for the person at the terminal and says what to do. */
export class AuditExportError extends Error {
  override readonly name = 'AuditExportError';
}
