import 'reflect-metadata';
import type { DecisionCase } from './suite/kit';
import { cases as lists } from './suite/lists';
import { cases as pages } from './suite/pages';
import { cases as past } from './suite/past';
import { cases as policy } from './suite/policy';
import { cases as relations } from './suite/relations';
import { cases as shield } from './suite/shield';
import { cases as written } from './suite/written';

/** The decisions about access, as tables of allow and deny cases, by what is decided; the quickest first. */
export const PARTS: Readonly<Record<string, readonly DecisionCase[]>> = {
  policy,
  relations,
  past,
  lists,
  pages,
  written,
  shield,
};
