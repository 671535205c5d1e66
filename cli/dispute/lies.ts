import { fastTensorRoot } from '../../engine/commit/fast.ts';
import type { Hash } from '../../engine/commit/hash.ts';
import { placedSlots, type Program } from '../../engine/graph/program.ts';
import type { Tensor } from '../../engine/graph/types.ts';
import type { Testimony, Witness } from '../../workers/lib/game/witness.ts';

/** What a cheat says of one node in place of what it has computed. */
export type Edit = (data: Tensor['data']) => void;

/** By node. */
export type Lie = ReadonlyMap<number, Edit>;

/** A lie about a slot of the state after a step: about the output node, and the node that it only copies. */
export function lieAboutSlot(program: Program, slot: string, edit: Edit): Lie {
  const place = placedSlots(program.output).findIndex((placed) => placed?.name === slot);
  const output = program.outputStart + place;
  const [source] = program.nodes[output]!.inputs;
  return new Map([[output, edit], ...(source?.kind === 'node' ? [[source.index, edit] as const] : [])]);
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
