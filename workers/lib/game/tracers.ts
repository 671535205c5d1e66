import { continuationProgram } from '../../../engine/decoding/programs.ts';
import type { Program } from '../../../engine/graph/program.ts';
import type { State } from '../../../engine/graph/state.ts';
import type { LeafPlace } from '../../../engine/leaf-places.ts';
import { aggregateProgram, payloadProgram, trainingProgram } from '../../../engine/programs.ts';
import { createTracer, type Trace, type Tracer } from '../../../engine/trace.ts';
import type { Model } from '../model.ts';

/** A program of the run; a number names the outer step over that many members. */
export type ProgramName = 'training' | 'payload' | 'continuation' | number;

/** Traces invocations of the run's programs; each is loaded when it is first disputed. */
export type Tracers = {
  trace(
    name: ProgramName,
    inputs: readonly State[],
    batch?: Uint32Array,
    /** Which leaves of the trace to hash, too. */
    placesIn?: (program: Program) => readonly LeafPlace[],
  ): Promise<Trace>;
};

export function createTracers({ recipe, executor }: Pick<Model, 'recipe' | 'executor'>): Tracers {
  const tracers = new Map<ProgramName, Promise<Tracer>>();
  const programOf = (name: ProgramName) => {
    if (name === 'training') return trainingProgram(recipe);
    if (name === 'continuation') return continuationProgram(recipe);
    return name === 'payload' ? payloadProgram(recipe) : aggregateProgram(recipe, name);
  };
  return {
    async trace(name, inputs, batch, placesIn = () => []) {
      const opened = tracers.get(name) ?? createTracer(programOf(name), executor);
      tracers.set(name, opened);
      const tracer = await opened;
      return tracer.trace(inputs, batch, placesIn(tracer.program));
    },
  };
}
