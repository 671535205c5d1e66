import { fastTensorRoot } from '../../engine/commit/fast.ts';
import type { Hash } from '../../engine/commit/hash.ts';
import { placedSlots, type Program } from '../../engine/graph/program.ts';
import type { State } from '../../engine/graph/state.ts';
import type { Tensor } from '../../engine/graph/types.ts';
import type { Subject } from '../../sdk/game.ts';
import type { Disputed } from '../../workers/lib/game/dispute.ts';
import type { Testimony, Witness } from '../../workers/lib/game/witness.ts';

/** What a cheat says of one node in place of what it has computed. */
export type Edit = (data: Tensor['data']) => void;

/** By node. */
export type Lie = ReadonlyMap<number, Edit>;

/** A lie about a slot of the state after a step: about the output node, and the node that it only copies. */
export function lieAboutSlot(program: Program, slot: string, edit: Edit): Lie {
  const output = outputOf(program, slot);
  const [source] = program.nodes[output]!.inputs;
  return new Map([[output, edit], ...(source?.kind === 'node' ? [[source.index, edit] as const] : [])]);
}

function outputOf({ output, outputStart }: Program, slot: string): number {
  return outputStart + placedSlots(output).findIndex((placed) => placed?.name === slot);
}

/**
 * A witness who stands by what it has claimed, if that is among what it has `said` that is not what the rules give: the
 * state at the end of a segment, or a payload.
 */
export function standingBy(
  honest: Witness,
  disputed: Disputed,
  { said, steps }: { readonly said: ReadonlyMap<Hash, State>; readonly steps: number },
): Witness {
  return {
    ...honest,
    async testify(position, first, signal) {
      const truth = await honest.testify(position, first, signal);
      const claimed = claimedEnd(disputed, position.subject, { taken: first + 1, steps });
      const state = claimed && said.get(claimed);
      return state ? lyingTestimony(truth, await lieAboutEnd(truth, state)) : truth;
    },
  };
}

/** What was claimed to come out of an invocation, after which so many steps are taken; undefined inside a segment. */
function claimedEnd(
  disputed: Disputed,
  subject: Subject,
  { taken, steps }: { readonly taken: number; readonly steps: number },
): Hash | undefined {
  if (disputed.kind !== 'work') return undefined;
  const { segmentRoots, payloadRoot } = disputed.work.commitment;
  if (subject === 'payload') return payloadRoot;
  return subject === 'segment' ? segmentRoots[(taken * segmentRoots.length) / steps - 1] : undefined;
}

/** A lie about every slot in which the state after an invocation is not the one that is claimed. */
async function lieAboutEnd({ notes: { program }, tensor }: Testimony, claimed: State): Promise<Lie> {
  const lie = new Map<number, Edit>();
  for (const [slot, own] of claimed.tensors) {
    const honest = await tensor(outputOf(program, slot));
    if (honest?.data.every((element, i) => element === own[i])) continue;
    for (const [node, edit] of lieAboutSlot(program, slot, (data) => data.set(own))) lie.set(node, edit);
  }
  return lie;
}

/** An honest witness, but for one inner step of a round: there it says what `lieOf` makes of the program. */
export function lyingWitness(honest: Witness, step: number, lieOf: (program: Program) => Lie): Witness {
  return {
    ...honest,
    async testify(position, first, signal) {
      const truth = await honest.testify(position, first, signal);
      const isTraining = position.subject === 'segment' && first === step;
      return isTraining ? lyingTestimony(truth, lieOf(truth.notes.program)) : truth;
    },
  };
}

/** The trace of an invocation with other results in some places. */
export async function lyingTestimony(truth: Testimony, lie: Lie): Promise<Testimony> {
  const roots = new Map<number, Hash>();
  const told = async (node: number): Promise<Tensor | undefined> => {
    const tensor = await truth.tensor(node);
    return tensor && lie.has(node) ? edited(tensor, lie.get(node)!) : tensor;
  };
  for (const node of lie.keys()) roots.set(node, fastTensorRoot((await told(node))!));
  const nodes = truth.notes.nodes.map((root, node) => roots.get(node) ?? root);
  return { ...truth, notes: { ...truth.notes, nodes }, tensor: told };
}

function edited(tensor: Tensor, edit: Edit): Tensor {
  const data = tensor.data.slice() as Tensor['data'];
  edit(data);
  return { ...tensor, data };
}
