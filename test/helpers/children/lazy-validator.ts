// A validator that re-executes nothing as it should: of each last step it says that the loss is another one, seals and
// reveals the trace of that, and stands by it to the end of every game.
import { merkleRoot } from '../../../engine/commit/tree.ts';
import { createTracer, type Tracer } from '../../../engine/trace.ts';
import { lieAboutSlot, lyingTestimony, type Lie } from '../../../cli/dispute/lies.ts';
import type { Program } from '../../../engine/graph/program.ts';
import { testimony } from '../../../workers/lib/game/honest-witness.ts';
import type { Witness } from '../../../workers/lib/game/witness.ts';
import { runValidator } from '../../../workers/validator/main.ts';

const lieOf = (program: Program): Lie => lieAboutSlot(program, 'loss', (data) => void (data[0]! += 1));

async function lyingTracer(...options: Parameters<typeof createTracer>): Promise<Tracer> {
  const honest = await createTracer(...options);
  return {
    ...honest,
    async trace(inputs, batch, places) {
      const truth = await honest.trace(inputs, batch, places);
      const { notes } = await lyingTestimony(testimony(truth, 0, { inputs }), lieOf(truth.program));
      return { ...truth, nodes: notes.nodes, root: merkleRoot(notes.nodes) };
    },
  };
}

const lyingWitness = (honest: Witness): Witness => ({
  ...honest,
  async testify(position, first, signal) {
    const truth = await honest.testify(position, first, signal);
    return position.subject === 'trace' ? lyingTestimony(truth, lieOf(truth.notes.program)) : truth;
  },
});

await runValidator({ createTracer: lyingTracer, witness: lyingWitness });
