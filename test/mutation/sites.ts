import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import {
  bracketAt,
  codeOf,
  conditionBefore,
  expressionAt,
  split,
  statementAt,
  termsOf,
  trim,
  unitsOf,
  type Span,
  type Unit,
} from './solidity.ts';

/** What a mutant does to its place: a condition always holds or never does, a statement or a modifier is left out. */
export type Change = 'holds' | 'fails' | 'left out' | 'unguarded';

/** One way to switch something off. */
export type Mutant = {
  /** What tells it from all others, as long as its source reads the same: file, function, change and code. */
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly change: Change;
  readonly span: Span;
};

const contracts = join(import.meta.dirname, '../../contracts');

/** What is mutated, below contracts/. */
export const FILES: readonly string[] = [
  'claim/Claims.sol',
  'claim/Clock.sol',
  'claim/Cuts.sol',
  'claim/Game.sol',
  'claim/ReplyGas.sol',
  'claim/Verdicts.sol',
  ...['claim/rules', 'claim/referee'].flatMap((folder) =>
    readdirSync(join(contracts, folder))
      .filter((name) => name.endsWith('.sol') && !/^I[A-Z]/.test(name))
      .map((name) => `${folder}/${name}`),
  ),
];

/** All mutants, in the order of the sources. @throws if an INVARIANT comment stands above nothing that can be mutated */
export function allMutants(): Mutant[] {
  return FILES.flatMap((file) => mutantsOf(file, readFileSync(join(contracts, file), 'utf8')));
}

/** The mutants of one source. */
export function mutantsOf(file: string, source: string): Mutant[] {
  const code = codeOf(source);
  const found = unitsOf(code).flatMap((unit) => sitesOf(code, unit));
  found.sort((a, b) => a.span.start - b.span.start || b.span.end - a.span.end);
  requireInvariants(file, source, code, found);
  const seen = new Map<string, number>();
  return found.map(({ unit, change, span }) => {
    const text = code.slice(span.start, span.end).replaceAll(/\s+/g, ' ');
    const name = `${file} ${unit.name}: ${text} ${change}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    const line = code.slice(0, span.start).split('\n').length;
    return { id: count === 1 ? name : `${name}, no. ${count}`, file, line, change, span };
  });
}

type Site = { readonly unit: Unit; readonly change: Change; readonly span: Span };

function sitesOf(code: string, unit: Unit): Site[] {
  if (code.startsWith('modifier', unit.head.start)) return [];
  const sites = [
    ...modifiers(code, unit),
    ...requirements(code, unit),
    ...branches(code, unit),
    ...choices(code, unit),
    ...predicates(code, unit),
    ...statements(code, unit),
  ];
  return sites.map((site) => ({ ...site, unit }));
}

type Found = Omit<Site, 'unit'>;

const all = (change: Change, spans: readonly Span[]): Found[] => spans.map((span) => ({ change, span }));

/** Each term that makes a condition stricter is switched off on its own. */
function weaken(code: string, condition: Span, strictest: '&&' | '||'): Found[] {
  const { by, terms } = termsOf(code, condition);
  const change = strictest === '&&' ? 'holds' : 'fails';
  return by === strictest ? all(change, terms) : all(change, [trim(code, condition)]);
}

/** A use of a modifier without arguments. */
function modifiers(code: string, { head }: Unit): Found[] {
  const uses = [...code.slice(head.start, head.end).matchAll(/\bonly[A-Z]\w*(?=\s)/g)];
  return uses.map(({ index, 0: name }) => {
    const start = head.start + index;
    return { change: 'unguarded', span: { start, end: start + name.length } };
  });
}

function matches(code: string, { body }: Unit, pattern: RegExp): number[] {
  return [...code.slice(body.start, body.end).matchAll(pattern)].map(({ index }) => body.start + index);
}

function requirements(code: string, unit: Unit): Found[] {
  return matches(code, unit, /\brequire\(/g).flatMap((at) => {
    const [condition] = split(code, bracketAt(code, code.indexOf('(', at)), ',');
    return weaken(code, condition!, '&&');
  });
}

/** Reverts, and the ways in which the referee says that there is no result. */
const FAILURE =
  /^\{?\s*(?:revert\b|return (?:_fault\(\)|false\b|\((?:true, 0|false, source)\)|(?:IReferee\.)?Finding\(\{?(?:fault: )?true))/;

/** The terms of what leads to a failure; of another branch also the whole of it. */
function branches(code: string, unit: Unit): Found[] {
  return matches(code, unit, /\bif \(/g).flatMap((at) => {
    const condition = bracketAt(code, code.indexOf('(', at));
    const { start } = statementAt(code, condition.end + 1);
    if (FAILURE.test(code.slice(start))) return weaken(code, condition, '||');
    const { by, terms } = termsOf(code, condition);
    const whole = all('fails', [trim(code, condition)]);
    if (by === undefined) return whole;
    return [...whole, ...all(by === '&&' ? 'holds' : 'fails', terms)];
  });
}

/** Both ways of each `?`. */
function choices(code: string, unit: Unit): Found[] {
  return matches(code, unit, /\?/g).flatMap((mark) => {
    const span = trim(code, { start: conditionBefore(code, mark), end: mark });
    return [...all('holds', [span]), ...all('fails', [span])];
  });
}

/** What a function says that answers yes or no, and facts that are given a name. */
function predicates(code: string, unit: Unit): Found[] {
  const head = code.slice(unit.head.start, unit.head.end);
  const answers = /returns \(bool(?: \w+)?\)\s*$/.test(head);
  const returned = answers ? matches(code, unit, /\breturn\b/g).map((at) => at + 'return'.length) : [];
  const named = matches(code, unit, /\bbool \w+ = /g).map((at) => code.indexOf('=', at) + 1);
  const faults = matches(code, unit, /\bfault: /g).map((at) => at + 'fault:'.length);
  return [...returned, ...named, ...faults].flatMap((start) => {
    const condition = expressionAt(code, start);
    if (/^(?:true|false)$|\?/.test(code.slice(condition.start, condition.end))) return [];
    const { by, terms } = termsOf(code, condition);
    if (by !== undefined) return all(by === '&&' ? 'holds' : 'fails', terms);
    return [...all('holds', terms), ...all('fails', terms)];
  });
}

/** Calls that only require something, and what is deleted. */
function statements(code: string, unit: Unit): Found[] {
  const calls = /(?<=[;{})]\s*)(?:[\w[\] -]+\.)?(?:_require\w*|requireLeaves)\(|\bdelete\b/g;
  const body = { ...unit.body, start: unit.body.start - 1 };
  return matches(code, { ...unit, body }, calls).map((at) => ({ change: 'left out', span: statementAt(code, at) }));
}

/** Every invariant that the sources speak of is held by something that is switched off here. */
function requireInvariants(file: string, source: string, code: string, sites: readonly Site[]): void {
  for (const { index, 0: comment } of source.matchAll(/(?:\/\/\/? (?:@dev )?)INVARIANT:[^\n]*/g)) {
    const after = sites.find(({ span }) => span.start > index);
    const next = unitsOf(code).filter(({ head }) => head.start < (after?.span.start ?? 0) && head.start > index);
    const isDocumentation = comment.startsWith('///');
    if (after !== undefined && next.length <= (isDocumentation ? 1 : 0)) continue;
    throw new Error(`${file}: nothing below is switched off: ${comment}`);
  }
}
