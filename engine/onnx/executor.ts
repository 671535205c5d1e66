import type ort from 'onnxruntime-node';
import { slotsOf, type State, type Tensors } from '../graph/state.ts';
import type { Program } from '../graph/program.ts';
import { requireFinite } from '../faults.ts';
import { inputName, lower } from './lower.ts';
import { batchFeed, createSession, runInto, viewsOver, type ExecutorOptions, type Views } from './session.ts';

export type { ExecutorOptions, Provider } from './session.ts';

/** Computes one program, again and again. */
export type Executor = {
  readonly program: Program;
  /** Writes the program's output into `output`, whose memory must not be shared with an input. `batch` feeds `load_batch`. */
  run(inputs: readonly Tensors[], output: State, batch?: Uint32Array): Promise<void>;
  close(): Promise<void>;
};

/** Loads a program into ONNX Runtime. What is `unwanted` of the output states is left as it was. */
export async function createExecutor(program: Program, options: ExecutorOptions): Promise<Executor> {
  const lowered = lower(program, options.kernel, options.unwanted);
  const session = await createSession(lowered.model, options);
  const used = new Set(session.inputNames);
  const views = new WeakMap<Tensors, Views>();
  const viewsOf = (state: Tensors): Views => {
    const known = views.get(state);
    if (known !== undefined) return known;
    const made = viewsOver(state);
    views.set(state, made);
    return made;
  };
  return {
    program,
    async run(inputs, output, batch) {
      const feeds: Record<string, ort.Tensor> = batchFeed(program, batch);
      inputs.map(viewsOf).forEach((tensors, state) =>
        tensors.forEach((tensor, place) => {
          if (used.has(inputName(state, place))) feeds[inputName(state, place)] = tensor!;
        }),
      );
      const targets = viewsOf(output);
      const fetches: Record<string, ort.Tensor> = {};
      lowered.outputs.forEach((name, place) => {
        if (name !== undefined) fetches[name] = targets[place]!;
      });
      await runInto(session, feeds, fetches);
    },
    close: () => session.release(),
  };
}

/** Throws FAULT unless every f32 of a state is finite. A value that is not stays so, so a check per segment is enough. */
export function checkFinite(state: State): void {
  for (const { name, dtype } of slotsOf(state.layout))
    if (dtype === 'f32') requireFinite(name, state.tensors.get(name) as Float32Array<ArrayBuffer>);
}
