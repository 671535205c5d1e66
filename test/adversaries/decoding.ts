import { expect } from 'chai';
import { toHex, type Address, type Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

import { tensorRoot, stateRoot } from '../../engine/commit/reference.ts';
import { continuationProgram } from '../../engine/decoding/programs.ts';
import { continuationRequest, type SamplingOptions } from '../../engine/decoding/request.ts';
import type { State } from '../../engine/graph/state.ts';
import type { Recipe } from '../../engine/recipe.ts';
import { isRevert } from '../../sdk/errors.ts';
import {
  isReceiptOf,
  markOf,
  pledge,
  pledgeIn,
  readTokenClaim,
  signReceipt,
  tokensBefore,
  type NamedToken,
  type Receipt,
  type SignedReceipt,
} from '../../sdk/receipts.ts';
import { openDispute, wordOf, type Claimed } from '../helpers/adversaries/claims.ts';
import { execute, forge, type Execution } from '../helpers/adversaries/execution.ts';
import type { Knowledge } from '../helpers/adversaries/knowledge.ts';
import { nodeOf, nudge, placeOf } from '../helpers/adversaries/lies.ts';
import { aimAt } from '../helpers/adversaries/shams.ts';
import {
  expectConviction,
  expectUpheld,
  playDispute,
  worldForTests,
  type Casting,
  type Result,
} from '../helpers/adversaries/stage.ts';
import { BOND, RUN, SMALL } from '../helpers/adversaries/world.ts';
import { tinyRecipe } from '../helpers/recipes.ts';

/** Sampled with a temperature at which every token has some chance, over a prompt of two tokens. */
const asked: SamplingOptions = { temperature: 2, topP: 0.9, seed: `0x${'5e'.repeat(32)}` };
const prompt = [84, 104];
const key = privateKeyToAccount(`0x${'6e'.repeat(32)}`);

type Lie = (honest: Execution, inputs: readonly State[]) => Execution;

/** What a gateway signs is a claim: the run's continuation, the settled state, the tokens before, and the token. */
describe('a gateway that signs a receipt', function () {
  this.timeout(120_000);
  const stage = worldForTests(SMALL);
  const gateway = (): Address => stage().others[0]!;
  const domain = () => ({ chainId: 31_337, receipts: stage().deployment.receipts });

  /** What the program gives after so many tokens of the sequence, or what a lie makes of it. */
  const tokenAfter = (tokens: readonly number[], lie: Lie = asItIs): Execution => {
    const { recipe, genesis } = stage();
    const inputs = [genesis, continuationRequest(recipe, tokens, asked)];
    return lie(execute(programOf(recipe), inputs), inputs);
  };
  const receiptOf = async (answer: readonly number[], fields: Partial<Receipt> = {}): Promise<SignedReceipt> => {
    const { client, genesis } = stage();
    const { timestamp } = await client.getBlock();
    return signReceipt(key, domain(), {
      ...{ pledge: await currentPledge(), session: 3n, drawn: 4, round: 1, root: stateRoot(genesis), ...asked },
      ...{ prompt: prompt.length, tokens: bytesOf([...prompt, ...answer]), expiresAt: Number(timestamp) + 10_000 },
      ...fields,
    });
  };
  const currentPledge = async (): Promise<bigint> => {
    const { send, deployment } = stage();
    return pledgeIn(await send(gateway(), pledge(deployment, RUN, key.address, BOND)))!;
  };
  const claimOf = async (named: NamedToken): Promise<Claimed> => ({
    ...{ id: named.receipt.pledge, word: await wordOf(stage(), named.receipt.pledge) },
    target: { kind: 'token', ...named },
  });

  /** A game about one token of a receipt: what the gateway says that it has computed, against what the program gives. */
  const play = async (
    scenario: string,
    named: NamedToken,
    claimed: Execution,
    others: Pick<Casting, 'claimant' | 'challenger'> = {},
  ): Promise<Result> =>
    playDispute(stage(), {
      ...{ scenario, claimed: { participant: gateway(), knowledge: knowledgeOf(claimed) }, ...others },
      ...{ claim: await claimOf(named), by: stage().others[1]! },
      challengerKnows: knowledgeOf(tokenAfter(tokensBefore(named))),
      dispute: { subject: 'token', marks: [markOf(named)] },
    });
  const convict = async (scenario: string, lie: Lie): Promise<void> => {
    const claimed = tokenAfter(prompt, lie);
    expect(tokenOf(claimed), 'a lie').not.to.equal(tokenOf(tokenAfter(prompt)));
    const receipt = await receiptOf([tokenOf(claimed)]);
    expectConviction(await play(scenario, { receipt, index: 0 }, claimed), 'element');
  };

  it('loses with another token than its logits give', async () => {
    await convict('another token than was drawn', (honest) =>
      forge(honest, placeOf(honest, 'token'), (token) => (token[0] = (token[0]! + 1) % 256)),
    );
  });

  it('loses with a wrong logit, by which another token is drawn', async () => {
    await convict('one wrong logit', (honest) => {
      const other = (tokenOf(honest) + 1) % 256;
      return forge(honest, headOf(honest), (logits) => (logits[other] = 2 ** 6));
    });
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
    await convict('weights of its own', (honest, [state, request]) =>
      execute(honest.program, [nudge(state!, 'block0.qkv'), request!]),
    );
  });

  it('loses by one wrong token behind a right one', async () => {
    const first = tokenOf(tokenAfter(prompt));
    const claimed = tokenAfter([...prompt, first], (honest) =>
      forge(honest, placeOf(honest, 'token'), (token) => (token[0] = (token[0]! + 1) % 256)),
    );
    const receipt = await receiptOf([first, tokenOf(claimed)]);
    expectConviction(await play('a wrong token behind a right one', { receipt, index: 1 }, claimed), 'element');
  });

  it('loses by the clock when it says nothing', async () => {
    const claimed = tokenAfter(prompt);
    const receipt = await receiptOf([tokenOf(claimed)]);
    const silent = { claimant: { invoke: () => undefined } };
    expectConviction(await play('a gateway that says nothing', { receipt, index: 0 }, claimed, silent), 'clock');
  });

  it('wins with what the program gives, whatever is contested', async () => {
    const honest = tokenAfter(prompt);
    const node = nodeOf(honest, 'sort_lanes');
    const receipt = await receiptOf([tokenOf(honest)]);
    const sham = { challenger: aimAt({ node, element: 200 }) };
    expectUpheld(await play('sham: a sorted likelihood', { receipt, index: 0 }, honest, sham), 'element');
  });

  it('wins about each token of its answer, and says one thing of each', async () => {
    const first = tokenOf(tokenAfter(prompt));
    const second = tokenAfter([...prompt, first]);
    const receipt = await receiptOf([first, tokenOf(second)]);
    const sham = { challenger: aimAt({ node: nodeOf(second, 'sort_lanes'), element: 3 }) };
    expectUpheld(await play('sham: the second token', { receipt, index: 1 }, second, sham), 'element');
    const [, , other] = stage().others;
    const about: NamedToken = { receipt, index: 0 };
    const result = await playDispute(stage(), {
      ...{ claimed: { participant: gateway(), knowledge: knowledgeOf(tokenAfter(prompt)) }, ...sham },
      ...{ claim: await claimOf(about), by: other!, challengerKnows: knowledgeOf(tokenAfter(prompt)) },
      dispute: { subject: 'token', marks: [markOf(about)] },
    });
    expectUpheld(result, 'element');
  });

  it('is not challenged by what it has not signed', async () => {
    const answer = [tokenOf(tokenAfter(prompt))];
    const receipt = await receiptOf(answer);
    const mallory = privateKeyToAccount(`0x${'ba'.repeat(32)}`);
    const forged = await signReceipt(mallory, domain(), receipt);
    const elsewhere = await signReceipt(key, { ...domain(), chainId: 1 }, receipt);
    const otherContract = await signReceipt(key, { ...domain(), receipts: gateway() }, receipt);
    expect(await isReceiptOf(key.address, domain(), receipt)).to.equal(true);
    for (const bad of [forged, elsewhere, otherContract, { ...receipt, drawn: 5 }, { ...receipt, topP: 1 }]) {
      expect(await isReceiptOf(key.address, domain(), bad)).to.equal(false);
      await expectRefused({ receipt: bad, index: 0 }, 'NotSigned');
    }
    await expectRefused({ receipt: { ...receipt, tokens: bytesOf([...prompt, 1]) }, index: 0 }, 'NotSigned');
    await expectRefused({ receipt, index: 1 }, 'NoSuchToken');
    const own = { root: `0x${'0b'.repeat(32)}` } as const;
    await expectRefused({ receipt: await receiptOf(answer, own), index: 0 }, 'NotTheState');
    await expectRefused({ receipt: await receiptOf(answer, { expiresAt: 1 }), index: 0 }, 'ReceiptExpired');
    await expectRefused(
      { receipt: await receiptOf(answer, { pledge: receipt.pledge + 9n }), index: 0 },
      'UnknownPledge',
    );
  });

  it('is challenged about the root that the engine gives, whatever the context', async () => {
    const sampling = { temperature: 0.7, topP: 0.3, seed: asked.seed };
    const all = Array.from({ length: 601 }, (_, i) => (i * 7) % 256);
    const about = { ...sampling, prompt: 1, tokens: bytesOf(all) };
    const receipt = await receiptOf([], about);
    for (const [context, index] of [
      [256, 255],
      [257, 0],
      [600, 299],
      [600, 599],
    ] as const) {
      const recipe = tinyRecipe({ ...SMALL, model: { ...SMALL.model!, context } });
      const { client, deployment } = stage();
      const claim = await readTokenClaim(client, deployment, { receipt, index }, context);
      const before = all.slice(0, index + 1);
      expect(claim.request).to.equal(stateRoot(continuationRequest(recipe, before, sampling)));
      const token = { dtype: 'i32', shape: [1], data: Int32Array.of(all[index + 1]!) } as const;
      expect(claim.token).to.equal(tensorRoot(token));
    }
  });

  it('may write a temperature of minus zero as it likes', async () => {
    const plain = await receiptOf([1], { temperature: 0 });
    const minus = await signReceipt(key, domain(), { ...plain, temperature: -0 });
    expect(minus.signature).to.equal(plain.signature);
  });

  const expectRefused = async (named: NamedToken, rule: string): Promise<void> => {
    const dispute = { subject: 'token', marks: [markOf(named)] } as const;
    const by = stage().others[1]!;
    const opened = openDispute(stage(), by, knowledgeOf(tokenAfter(prompt)), await claimOf(named), dispute);
    const error: unknown = await opened.catch((reason: unknown) => reason);
    expect(isRevert(error, rule), `${rule}: ${String(error)}`).to.equal(true);
  };

  /** What a gateway computes that goes by another request than it claims. */
  const answerTo = (state: State, sampling: SamplingOptions): Execution => {
    const { recipe } = stage();
    return execute(programOf(recipe), [state, continuationRequest(recipe, prompt, sampling)]);
  };
});

function knowledgeOf(execution: Execution): Knowledge {
  return {
    root: () => expect.fail('a token has no steps'),
    invocation: () => ({ execution, sources: { inputs: execution.inputs } }),
  };
}

function tokenOf(execution: Execution): number {
  return execution.values[placeOf(execution, 'token')]!.data[0]!;
}

function bytesOf(tokens: readonly number[]): Hex {
  return toHex(Uint8Array.from(tokens));
}

/** The node that gives the logits, which the output repeats. */
function headOf({ program }: Execution): number {
  const output = program.nodes.findIndex((node, at) => at >= program.outputStart && node?.type.shape.at(-1) === 256);
  const [ref] = program.nodes[output]!.inputs;
  return ref?.kind === 'node' ? ref.index : expect.fail('the logits are no node');
}

const asItIs: Lie = (honest) => honest;

const programs = new WeakMap<Recipe, ReturnType<typeof continuationProgram>>();
function programOf(recipe: Recipe) {
  const known = programs.get(recipe) ?? continuationProgram(recipe);
  programs.set(recipe, known);
  return known;
}
