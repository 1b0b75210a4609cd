import { parseSync } from '@swc/core';

/** A node of the syntax tree, as far as it is looked at here. */
export interface SyntaxNode {
  readonly type: string;
  readonly span: { readonly start: number; readonly end: number };
  readonly [part: string]: unknown;
}

export const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as { type?: unknown }).type === 'string' &&
  typeof (value as { span?: unknown }).span === 'object';

/** A part of the text. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A statement in front, from which the parser's positions are counted: they go on from one file to the next. */
const FRONT = '0;\n';

/** A TypeScript file, parsed. */
export class Source {
  readonly body: readonly SyntaxNode[];
  private readonly bytes: Buffer;
  private readonly base: number;

  constructor(
    /** The path of the file, from the root of the clone. */
    readonly file: string,
    readonly text: string,
  ) {
    this.bytes = Buffer.from(text);
    const module = parseSync(FRONT + text, { syntax: 'typescript', decorators: true, target: 'es2022' });
    const [front, ...body] = module.body as unknown as readonly SyntaxNode[];
    this.base = (front?.span.start ?? 0) + FRONT.length;
    this.body = body;
  }

  /** Where a node stands in the text. The parser counts bytes. */
  rangeOf(node: SyntaxNode): Range {
    return { start: this.at(node.span.start), end: this.at(node.span.end) };
  }

  textOf(node: SyntaxNode): string {
    const { start, end } = this.rangeOf(node);
    return this.text.slice(start, end);
  }

  private at(position: number): number {
    return this.bytes.subarray(0, position - this.base).toString().length;
  }
}

/** The nodes directly below a node, in their order; of types only what is also there at run time. */
export function below(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) visit(one);
    else if (isNode(value)) {
      if (!value.type.startsWith('Ts') || RUNS.has(value.type)) found.push(value);
    } else if (typeof value === 'object' && value !== null) {
      // Arguments and array elements are wrapped: { spread, expression }. So are parameters' patterns.
      for (const part of Object.values(value)) visit(part);
    }
  };
  for (const [name, value] of Object.entries(node)) if (name !== 'span') visit(value);
  return found;
}

const RUNS = new Set(['TsAsExpression', 'TsSatisfiesExpression', 'TsNonNullExpression', 'TsConstAssertion']);
