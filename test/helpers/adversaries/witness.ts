import { evidenceOf } from '../../../engine/evidence.ts';
import type { Testimony, Witness } from '../../../workers/lib/game/witness.ts';
import { traceOf, type Knowledge } from './knowledge.ts';

/** What a player stands by that knows, or pretends to know, this in the place of what the rules give. */
export function witnessOf(honest: Witness, knowledge: Knowledge): Witness {
  return {
    ...honest,
    roots: async (steps) => new Map(steps.map((step) => [step, knowledge.root(step)])),
    async testify(position, first): Promise<Testimony> {
      const { execution, sources, members = [] } = knowledge.invocation(position, first);
      const trace = traceOf(execution);
      const { program, nodes, faultAt } = trace;
      return {
        notes: { first, program, nodes, faultAt },
        tensor: (node) => trace.tensor(node),
        faultElement: async () => 0,
        proof: async (node, element, path) => {
          const { inputs } = program.nodes[node]!;
          const read = inputs.flatMap((ref) => (ref.kind === 'input' ? (members[ref.state - 1] ?? []) : []));
          return { evidence: await evidenceOf(trace, { ...sources, path }, node, element), sources: read };
        },
      };
    },
  };
}
