import type { Hash } from '../../../engine/commit/hash.ts';
import { treeLevels } from '../../../engine/commit/tree.ts';
import { evidenceOf, faultElement, type EvidenceSources } from '../../../engine/evidence.ts';
import { tensorOf } from '../../../engine/graph/program.ts';
import type { Tensor } from '../../../engine/graph/types.ts';
import type { Trace } from '../../../engine/trace.ts';
import type { Position } from '../../../sdk/game.ts';
import type { Source } from '../../../sdk/game-moves.ts';
import type { Notes, StartNotes, TensorNotes, Wanted } from '../../../workers/lib/game/facts.ts';
import { committedAt, leavesDrawn, levelsAt, traceNodes, type Execution } from './execution.ts';
import type { MinerRound } from './round.ts';

/** One invocation, with what its operands are opened from. */
export type Invocation = {
  readonly execution: Execution;
  readonly sources: EvidenceSources;
  /** The claims that bind the input states after the first, as far as they are payloads. */
  readonly members?: readonly (Source | undefined)[];
};

/** What a player knows, or pretends to. Everything here is in memory: there are no workers and no files. */
export type Knowledge = {
  /** State root after that many inner steps of the round. */
  root(step: number): Hash;
  invocation(position: Pick<Position, 'subject'>, first: number): Invocation;
  start?(): StartNotes;
};

/** What follows from one miner's round. */
export function knowledgeOf(round: MinerRound, start?: () => StartNotes): Knowledge {
  const { dataset, seed, participant } = round;
  return {
    root: (step) => round.roots[step]!,
    invocation({ subject }, first) {
      if (subject === 'payload') return payloadOf(round);
      const sources = {
        inputs: [round.states[first]!],
        dataset,
        batch: { seed, participant, step: first },
      };
      return { execution: round.steps[first]!, sources };
    },
    ...(start === undefined ? {} : { start }),
  };
}

function payloadOf({ payload, parent, states, before }: MinerRound): Invocation {
  const inputs = [parent, states.at(-1)!, ...payload.inputs.slice(2)];
  return { execution: payload, sources: { inputs }, members: [undefined, before?.source] };
}

/** Works out what a rule asks for. */
export async function workOut(knowledge: Knowledge, notes: Notes, position: Position, want: Wanted): Promise<Notes> {
  const { execution } = want.what === 'start' || want.what === 'roots' ? {} : invocationAt(knowledge, position, want);
  switch (want.what) {
    case 'start':
      return { ...notes, start: knowledge.start!() };
    case 'roots':
      return {
        ...notes,
        roots: new Map([...notes.roots, ...want.steps.map((at) => [at, knowledge.root(at)] as const)]),
      };
    case 'trace': {
      const { program, faultAt } = execution!;
      const leaves = position.subject === 'leaves' && { leaves: leavesDrawn(execution!, position.second) };
      return { ...notes, trace: { first: want.first, program, faultAt, nodes: traceNodes(execution!), ...leaves } };
    }
    case 'tensor':
      return { ...notes, tensor: await treeOf(execution!, want.node) };
    case 'leaf': {
      const data = committedAt(execution!, want.node)!.leaves[want.leaf]! as Uint8Array;
      return { ...notes, leaf: { node: want.node, leaf: want.leaf, data } };
    }
    case 'proof': {
      const { node, element, path } = want;
      const { sources, members = [] } = invocationAt(knowledge, position, want);
      const evidence = await evidenceOf(traceOf(execution!), { ...sources, path }, node, element);
      return { ...notes, proof: { node, element, evidence, sources: sourcesOf(execution!, node, members) } };
    }
  }
}

async function treeOf(execution: Execution, node: number): Promise<TensorNotes> {
  if (committedAt(execution, node) !== undefined) {
    return { node, levels: levelsAt(execution, node), faultElement: undefined };
  }
  return { node, levels: [], faultElement: await faultElement(traceOf(execution), node) };
}

function invocationAt(knowledge: Knowledge, position: Position, want: Wanted): Invocation {
  return knowledge.invocation(position, 'first' in want ? want.first : position.first);
}

/** The claims of those members whose payloads a node reads. */
function sourcesOf({ program }: Execution, node: number, members: readonly (Source | undefined)[]): readonly Source[] {
  return program.nodes[node]!.inputs.flatMap((ref) => (ref.kind === 'input' ? (members[ref.state - 1] ?? []) : []));
}

/** An execution as the engine gives a trace. */
export function traceOf(execution: Execution): Trace {
  const { program, inputs, faultAt, values } = execution;
  const nodes = traceNodes(execution);
  const tensor = async (node: number): Promise<Tensor> => values[node]!;
  const tensors = async (wanted: readonly number[]): Promise<Tensor[]> => wanted.map((node) => values[node]!);
  const operands = async (node: number): Promise<Tensor[]> =>
    program.nodes[node]!.inputs.map((ref) => tensorOf(program, inputs, values as readonly (Tensor | null)[], ref));
  return { program, nodes, faultAt, root: treeLevels(nodes).at(-1)![0]!, leaves: [], tensor, tensors, operands };
}
