import { expect } from 'chai';
import { keccak256, toHex, type Address, type Hex } from 'viem';

import { readClaim } from '../../sdk/claims.ts';
import { secretOf, type Opening } from '../../sdk/game.ts';
import { announce, openGame, type Target } from '../../sdk/game-moves.ts';
import { setNode } from '../../sdk/stake.ts';
import { firstDemandOf } from '../../workers/lib/game/demand.ts';
import { sendAll } from '../helpers/adversaries/batch.ts';
import { claimRound, feeFor, openingOf, type Claimed } from '../helpers/adversaries/claims.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { misstateHead } from '../helpers/adversaries/lies.ts';
import { nextCall, playTo } from '../helpers/adversaries/match.ts';
import { refused } from '../helpers/adversaries/refusals.ts';
import { deviate, type MinerRound } from '../helpers/adversaries/round.ts';
import { honestRound, seat, worldForTests } from '../helpers/adversaries/stage.ts';
import { BOND, stakeOf, tickAll, type World } from '../helpers/adversaries/world.ts';

const dispute = { subject: 'segment', segment: 0 } as const;
const ETHER = 10n ** 18n;
const nobodyKnowsWhat: Hex = `0x${'5e'.repeat(32)}`;

describe('races for a challenge', function () {
  this.timeout(60_000);
  const stage = worldForTests();
  let honest: MinerRound;
  let claim: Claimed;
  let challenger: Address;
  let thief: Address;

  beforeEach(async () => {
    honest = await honestRound(stage());
    claim = await claimRound(stage(), deviate(honest, 1, misstateHead));
    [challenger, thief] = stage().others as [Address, Address];
  });
  const openingFor = (change: Partial<Opening> = {}): Opening => {
    return { ...openingOf(stage(), knowledgeOf(honest), claim, dispute), ...change };
  };
  const secret = (of: Address, opening: Opening) => announce(stage().deployment, secretOf(of, claim.word, opening));
  const openCall = async (opening: Opening, target: Target = claim.target, programs = stage().programs) => {
    const value = await feeFor(stage(), challenger, firstDemandOf(opening));
    return openGame(stage().deployment, opening, target, programs, value);
  };

  it('nobody opens with what another has announced', async () => {
    const world = stage();
    const opening = openingFor();
    await world.send(challenger, secret(challenger, opening));
    await refused('NotAnnounced', world.attempt(thief, await openCall(opening)));
  });

  it('a copied announcement opens nothing: it holds the name of its author', async () => {
    const world = stage();
    const opening = openingFor();
    const copied = secret(challenger, opening);
    await world.send(thief, copied);
    await world.send(challenger, copied);
    await refused('NotAnnounced', world.attempt(thief, await openCall(opening)));
    await world.attempt(challenger, await openCall(opening));
  });

  it('who sees a challenge open cannot announce and open the same one before it, in the same block', async () => {
    const world = stage();
    const opening = openingFor();
    await world.send(challenger, secret(challenger, opening));
    const call = await openCall(opening);
    const receipts = await sendAll(world, [
      { from: thief, call: secret(thief, opening) },
      { from: thief, call },
      { from: challenger, call },
    ]);
    expect(receipts.map(({ status }) => status)).to.deep.equal(['success', 'reverted', 'success']);
    expect(new Set(receipts.map(({ blockNumber }) => blockNumber)).size).to.equal(1);
  });

  it('an announcement opens one challenge once, and nothing else', async () => {
    const world = stage();
    const opening = openingFor();
    await world.send(challenger, secret(challenger, opening));
    await refused('AlreadyAnnounced', world.attempt(challenger, secret(challenger, opening)));
    const others = [
      { segment: 1 },
      { subject: 'payload' },
      { marks: opening.marks.toReversed() },
      { salt: nobodyKnowsWhat },
    ];
    for (const change of others as readonly Partial<Opening>[]) {
      await refused('NotAnnounced', world.attempt(challenger, await openCall({ ...opening, ...change })));
    }
    await world.send(challenger, await openCall(opening));
    await refused('NotAnnounced', world.attempt(challenger, await openCall(opening)));
    await world.send(challenger, secret(challenger, opening));
    await refused('AlreadyChallenged', world.attempt(challenger, await openCall(opening)));
  });

  it('what opens is what was claimed, in a run that computes what its creator has bound', async () => {
    const world = stage();
    const { commitment } = honest;
    const cases: readonly [string, Partial<Opening>, Target?, typeof world.programs?][] = [
      ['NotTheClaim', {}, { kind: 'work', commitment }],
      ['NotThePrograms', {}, claim.target, { ...world.programs, training: nobodyKnowsWhat }],
      ['NoSuchSegment', { segment: 2 }],
      ['NoSuchSegment', { segment: 255 }],
      ['WrongMarks', { marks: [] }],
      ['WrongMarks', { marks: [nobodyKnowsWhat, nobodyKnowsWhat] }],
      ['WrongMarks', { marks: Array.from({ length: 64 }, () => nobodyKnowsWhat) }],
      ['WrongSubject', { subject: 'aggregate', marks: [] }],
      ['WrongSubject', { subject: 'before', marks: [] }],
      ['WrongSubject', { subject: 'trace', marks: [] }],
    ];
    for (const [i, [rule, change, target, programs]] of cases.entries()) {
      const opening = openingFor({ ...change, salt: keccak256(toHex(i)) });
      await world.send(challenger, secret(challenger, opening));
      await refused(rule, world.attempt(challenger, await openCall(opening, target, programs)));
    }
  });

  it("the challenger or its delegate makes the last move, nobody else, and the prize is the challenger's", async () => {
    const world = stage();
    const claimed = deviate(honest, 1, misstateHead);
    const match = await seat(world, { claimed, claim, by: challenger, dispute, challengerKnows: knowledgeOf(honest) });
    await playTo(world, match, 'prove');
    const call = (await nextCall(world, match, 'challenger'))!;
    for (const other of [thief, claimed.participant]) await refused('NotYourMove', world.attempt(other, call));
    const delegate = `0x${'de'.repeat(20)}` as const;
    await world.send(challenger, setNode(world.deployment, delegate));
    await world.request('hardhat_impersonateAccount', [delegate]);
    await world.request('hardhat_setBalance', [delegate, toHex(ETHER)]);
    const before = await stakeOf(world, challenger);
    await world.send(delegate, call);
    expect((await stakeOf(world, challenger)) - before).to.equal(BOND / 2n);
    expect(await stakeOf(world, delegate)).to.equal(0n);
  });

  it('no claim is challenged once it is final', async () => {
    const world = stage();
    const opening = openingFor();
    await world.send(challenger, secret(challenger, opening));
    // Nobody audits and nobody aggregates: two rounds settle as they are, and with them the epoch.
    for (let round = 1; round <= 2; round += 1) await settleUnchanged(world);
    await world.pass(1_000);
    expect((await readClaim(world.client, world.deployment, claim.id)).status).to.equal('final');
    await refused('WindowClosed', world.attempt(challenger, await openCall(opening)));
  });
});

/** Lets all windows of a round pass. */
async function settleUnchanged(world: World): Promise<void> {
  for (let window = 0; window < 3; window += 1) {
    await world.pass(1_000);
    await tickAll(world);
  }
}
