/** A database with this product's tables, open to the role that owns them, and what to do when done with it. */
export interface OwnerDatabase {
  /** An address under the owner's role. It may hold a password: never print it. */
  readonly url: string;
  /** Stops what was started for this use; a server that ran before goes on. */
  close(): Promise<void>;
}
