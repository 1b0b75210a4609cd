/** What a worker is told first: the database of the cases. */
export interface Setup {
  readonly owner: string;
  readonly api: string;
}

/** One mutant to try: the text of a file that stands in for the one on disk. */
export interface Job {
  readonly file: string;
  readonly text: string;
  /** Whether the mutation is of SQL. */
  readonly sql: boolean;
}

/** What came of it. */
export type Verdict =
  | { readonly is: 'survived' }
  /** `by`: the case that fails, and what it said. */
  | { readonly is: 'killed'; readonly by: string; readonly why: string }
  /** The database could not be asked: that says nothing of the mutant. */
  | { readonly is: 'untried'; readonly why: string }
  /** PostgreSQL cannot read it: no mutant. */
  | { readonly is: 'invalid'; readonly why: string };
