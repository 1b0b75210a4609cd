/** Why a rehearsal cannot be held, or failed; the message is for the person at the terminal and says what to do. */
export class RehearsalError extends Error {
  override readonly name = 'RehearsalError';
}
