import { expect } from 'chai';

import { stateRoot } from '../../engine/commit/reference.ts';
import { continuationProgram } from '../../engine/decoding/programs.ts';
import { continuationRequest, type SamplingOptions } from '../../engine/decoding/request.ts';
import { programRoot } from '../../engine/graph/encode.ts';
import type { State } from '../../engine/graph/state.ts';
import type { Tensor } from '../../engine/graph/types.ts';
import type { Recipe } from '../../engine/recipe.ts';
import { claimRound } from '../helpers/adversaries/claims.ts';
import { execute, forge, outputRoot, type Execution } from '../helpers/adversaries/execution.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { nodeOf, nudge, placeOf } from '../helpers/adversaries/lies.ts';
import type { MinerRound } from '../helpers/adversaries/round.ts';
import { aimAt } from '../helpers/adversaries/shams.ts';
import {
  expectConviction,
  expectUpheld,
  playDispute,
  worldForTests,
  type Casting,
  type Result,
} from '../helpers/adversaries/stage.ts';
import { SMALL } from '../helpers/adversaries/world.ts';

/** Sampled with a temperature at which every token has some chance, over a prompt of two tokens. */
const asked: SamplingOptions = { temperature: 2, topP: 0.9, seed: `0x${'5e'.repeat(32)}` };
const prompt = [84, 104];

/**
 * A decoded token is a claim: the program of one more token, the settled state, the request and the result. Until receipts
 * are claimed on chain, a run whose payload is that token stands for them: of a payload, too, the contracts know a program
 * root, the parent's root, that of a second state and that of the result, and nothing else.
 */
describe('a server that decodes a token', function () {
  this.timeout(120_000);
  const fields = { ...SMALL };
  const stage = worldForTests(fields, (recipe) => ({ payload: programRoot(programOf(recipe)) }));

  /** The token that follows, as the seat claims it. */
  const claimOf = (own: (honest: Execution, inputs: readonly State[]) => Execution = asItIs): MinerRound => {
    const { recipe, genesis, dataset, miners } = stage();
    const request = continuationRequest(recipe, prompt, asked);
    const payload = own(execute(programOf(recipe), [genesis, request]), [genesis, request]);
    const end = stateRoot(request);
    const commitment = {
      ...{ parent: stateRoot(genesis), startRoot: end, segmentRoots: [end, end] },
      ...{ payloadRoot: outputRoot(payload), payloadBytes: 0n },
    };
    const round = { recipe, dataset, seed: asked.seed, parent: genesis, participant: miners[0] };
    return { ...round, steps: [], states: [request], roots: [], payload, commitment };
  };
  const play = async (
    scenario: string,
    claimed: MinerRound,
    challenger: Pick<Casting, 'challenger'> = {},
  ): Promise<Result> =>
    playDispute(stage(), {
      ...{ scenario, claimed, claim: await claimRound(stage(), claimed), by: stage().others[1]! },
      ...{ challengerKnows: knowledgeOf(claimOf()), dispute: { subject: 'payload' }, ...challenger },
    });
  const convict = async (scenario: string, own: Parameters<typeof claimOf>[0]): Promise<void> => {
    const claimed = claimOf(own);
    expect(claimed.commitment.payloadRoot, 'a lie').not.to.equal(claimOf().commitment.payloadRoot);
    expectConviction(await play(scenario, claimed), 'element');
  };

  it('loses with another token than its logits give', async () => {
    await convict('another token than was drawn', (honest) =>
      forge(honest, placeOf(honest, 'token'), (token) => (token[0] = (token[0]! + 1) % 256)),
    );
  });

  it('loses with one wrong bit in one logit', async () => {
    await convict('one bit of one logit', (honest) => forge(honest, headOf(honest), (data) => flipLast(data, 77)));
  });

  it('loses with the likeliest token where one was to be drawn', async () => {
    await convict('the likeliest token instead of the drawn one', (_, [state]) =>
      answerTo(state!, { ...asked, temperature: 0 }),
    );
  });

  it('loses with a draw of its own', async () => {
    await convict('a draw of its own choice', (_, [state]) =>
      answerTo(state!, { ...asked, seed: `0x${'5f'.repeat(32)}` }),
    );
  });

  it('loses with other weights than the settled ones', async () => {
    await convict('weights of its own', (honest, [state, request]) => {
      const { program } = honest;
      return execute(program, [nudge(state!, 'block0.qkv'), request!]);
    });
  });

  it('wins with what it has to compute, whatever is contested', async () => {
    const honest = claimOf();
    const node = nodeOf(honest.payload, 'sort_lanes');
    expectUpheld(
      await play('sham: a sorted likelihood', honest, { challenger: aimAt({ node, element: 200 }) }),
      'element',
    );
  });

  /** What a server computes that goes by another request than it claims. */
  const answerTo = (state: State, sampling: SamplingOptions): Execution => {
    const { recipe } = stage();
    return execute(programOf(recipe), [state, continuationRequest(recipe, prompt, sampling)]);
  };
});

/** The node that gives the logits, which the output repeats. */
function headOf({ program }: Execution): number {
  const output = program.nodes.findIndex((node, at) => at >= program.outputStart && node?.type.shape.at(-1) === 256);
  const [ref] = program.nodes[output]!.inputs;
  return ref?.kind === 'node' ? ref.index : expect.fail('the logits are no node');
}

/** Turns the last bit of one element. */
function flipLast({ buffer, byteOffset }: Tensor['data'], element: number): void {
  const words = new Int32Array(buffer, byteOffset);
  words[element] = words[element]! ^ 1;
}

const asItIs = (honest: Execution): Execution => honest;

const programs = new WeakMap<Recipe, ReturnType<typeof continuationProgram>>();
function programOf(recipe: Recipe) {
  const known = programs.get(recipe) ?? continuationProgram(recipe);
  programs.set(recipe, known);
  return known;
}
