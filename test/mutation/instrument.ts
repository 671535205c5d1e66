import { codeOf, unitsOf } from './solidity.ts';
import { mutantsOf, type Mutant } from './sites.ts';

/**
 * All mutants in one build: each place asks whether it is the one that is switched off, and the block's coinbase says so.
 * So the contracts are compiled once, and a mutant costs no more than its tests.
 */

/** Added to a mutant's number: no address that anything else has. */
const FIRST = 0xdead0000;

/** What is switched off, by its number; any other coinbase leaves the contracts as they are. */
export function coinbaseOf(number: number): `0x${string}` {
  return `0x${(FIRST + number).toString(16).padStart(40, '0')}`;
}

/** Where all sources ask. */
export const SWITCH = `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReferee} from "./referee/IReferee.sol";

function isOff(uint256 number) view returns (bool) {
    return uint160(address(block.coinbase)) == ${FIRST} + number;
}

function tamper(uint256 number, IReferee.Finding memory finding) view returns (IReferee.Finding memory) {
    if (isOff(number) && !finding.fault) finding.bits ^= 1;
    if (isOff(number + 1)) return IReferee.Finding(true, 0);
    if (isOff(number + 2)) finding.fault = false;
    return finding;
}
`;

/** What `tamper` does, and one more: how an evaluator is made wrong. */
export const TAMPERINGS = ['one bit off', 'always a fault', 'never a fault', 'of the next element'] as const;

const DISPATCH = 'return _dispatch(node, element, operands, context, evidence);';

/** A source with a switch at each of its mutants, which have the numbers from `first` on. */
export function instrument(file: string, source: string, first: number): string {
  const insertions = mutantsOf(file, source).flatMap((mutant, i) => insertionsOf(mutant, first + i));
  const code = codeOf(source);
  const modifiers = unitsOf(code).filter(({ head }) => code.startsWith('modifier', head.start));
  for (const { head, body } of modifiers) {
    const at = code.indexOf('require(', body.start) + 'require('.length;
    insertions.push({ at: code.indexOf('(', head.start) + 1, text: 'uint256 number', depth: 0, isEnd: false });
    insertions.push({ at, text: 'isOff(number) || ', depth: 0, isEnd: false });
  }
  // What ends at a place comes before what begins there; of several, the inner ends first and the outer begins first.
  insertions.sort((a, b) => a.at - b.at || Number(b.isEnd) - Number(a.isEnd) || b.depth - a.depth);
  let text = '';
  let from = 0;
  for (const { at, text: inserted } of insertions) {
    text += source.slice(from, at) + inserted;
    from = at;
  }
  return text + source.slice(from);
}

type Insertion = {
  readonly at: number;
  readonly text: string;
  /** Larger is outer for a beginning, inner for an end. */
  readonly depth: number;
  readonly isEnd: boolean;
};

function insertionsOf({ change, span: { start, end } }: Mutant, number: number): Insertion[] {
  const around = (before: string, after: string): Insertion[] => [
    { at: start, text: before, depth: end - start, isEnd: false },
    { at: end, text: after, depth: start - end, isEnd: true },
  ];
  if (change === 'holds') return around(`(isOff(${number}) || (`, '))');
  if (change === 'fails') return around(`(!isOff(${number}) && (`, '))');
  return change === 'unguarded' ? around('', `(${number})`) : around(`if (!isOff(${number})) `, '');
}

/** The referee with a switch at what it dispatches to: number `first` + 4 opcode + which of the tamperings. */
export function instrumentDispatch(source: string, first: number): string {
  if (!source.includes(DISPATCH)) throw new Error('Referee.sol: nothing is dispatched');
  const tampered = `uint256 number = ${first} + ${TAMPERINGS.length} * uint256(node.opcode);
        if (isOff(number + 3)) element = (element + 1) % elements;
        return tamper(number, _dispatch(node, element, operands, context, evidence));`;
  return source.replace(DISPATCH, tampered);
}

/** Reads of the coinbase make nothing pure. */
export function withoutPure(source: string): string {
  const code = codeOf(source);
  let text = '';
  let from = 0;
  for (const { index } of code.matchAll(/\bpure\b/g)) {
    text += `${source.slice(from, index)}view`;
    from = index + 'pure'.length;
  }
  return text + source.slice(from);
}

/** The source, with an import after its pragma. */
export function importing(source: string, path: string): string {
  return source.replace(/^pragma [^\n]*\n/m, (line) => `${line}\nimport {isOff, tamper} from "${path}";\n`);
}
