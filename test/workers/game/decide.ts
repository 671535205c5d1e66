import { expect } from 'chai';

import { decideAccusation, type AccusationFacts } from '../../../workers/lib/game/accusation.ts';
import { decideGame, honestStrategy } from '../../../workers/lib/game/decide.ts';
import { decide } from '../../../workers/lib/game/player.ts';
import { aGame, aTrace, gameFacts, HEIGHT, openedTrace, type GameChanges } from '../../helpers/games.ts';
import { rootOf } from '../../helpers/runs.ts';

const trace = aTrace();
const notes = { roots: new Map(), trace };
const typesOf = (changes: GameChanges): string[] =>
  decideGame(gameFacts(changes)).map((action) => (action.type === 'play' ? action.move.type : action.type));

describe('player: whose turn it is', () => {
  const choosing = { stage: 'chooseNodes', height: HEIGHT } as const;
  const brought = { children: openedTrace(aTrace({ 2: rootOf(1) })) };

  it('answers and chooses in its own turn, and waits in the other one', () => {
    expect(typesOf({ notes })).to.deep.equal(['answerTrace']);
    expect(typesOf({ notes, side: 'challenger' })).to.deep.equal([]);
    expect(typesOf({ at: choosing, brought, notes, side: 'challenger' })).to.deep.equal(['pickNode']);
    expect(typesOf({ at: choosing, brought, notes })).to.deep.equal([]);
  });

  it('works out what it lacks before it moves, but not again and again what cannot be had', () => {
    expect(decideGame(gameFacts())).to.deep.include({
      type: 'prepare',
      name: gameFacts().name,
      position: gameFacts().position,
      want: { what: 'trace', first: 0 },
    });
    expect(typesOf({ stuck: true })).to.deep.equal([]);
    expect(typesOf({ stuck: true, notes })).to.deep.equal(['answerTrace']);
  });

  it('ends the game in the second in which the other side runs out of time', () => {
    const turn = { side: 'challenger', game: aGame({ movedAt: 1_000, claimantLeft: 100 }) } as const;
    expect(typesOf({ ...turn, now: 1_099 })).to.deep.equal([]);
    expect(typesOf({ ...turn, now: 1_100 })).to.deep.equal(['timeOut']);
    const other = { at: choosing, brought, game: aGame({ mover: 'challenger', challengerLeft: 30 }) };
    expect(typesOf({ ...other, now: 1_029 })).to.deep.equal([]);
    expect(typesOf({ ...other, now: 1_030 })).to.deep.equal(['timeOut']);
  });

  it('makes no move once its own time is over', () => {
    expect(typesOf({ notes, now: 1_099 })).to.deep.equal(['answerTrace']);
    expect(typesOf({ notes, now: 1_100 })).to.deep.equal([]);
  });

  it('concedes where nothing differs', () => {
    const agreed = { children: openedTrace(trace) };
    expect(typesOf({ at: choosing, brought: agreed, notes, side: 'challenger' })).to.deep.equal(['concede']);
  });

  it('takes back bond and escrow when another game has voided the claim', () => {
    expect(typesOf({ claim: 'voided', side: 'challenger' })).to.deep.equal(['abandon']);
    expect(typesOf({ claim: 'voided' })).to.deep.equal([]);
  });

  it('can replace single rules', () => {
    const claimant = { ...honestStrategy.claimant, invoke: () => undefined };
    const [action] = decideGame(gameFacts({ notes }), { ...honestStrategy, claimant });
    expect(action?.type).to.equal('concede');
  });

  it('fetches what it is owed', () => {
    expect(decide({ games: [], accusations: [], owed: 0n }, honestStrategy)).to.deep.equal([]);
    expect(decide({ games: [], accusations: [], owed: 1n }, honestStrategy)).to.deep.equal([{ type: 'withdraw' }]);
  });
});

describe('player: an accusation', () => {
  const accusation = { claimId: 7n, subject: 'segment', segment: 1 } as const;
  const opening = { id: 7n, subject: 'segment', segment: 1, marks: [], salt: rootOf(1) } as const;
  const accusing = (changes: Partial<AccusationFacts> = {}): string[] =>
    decideAccusation({
      accusation,
      claim: 'standing',
      own: 'none',
      finalAt: 2_000,
      now: 1_000,
      urgency: 100,
      opening: undefined,
      announced: false,
      stuck: false,
      funds: { available: 10n, needed: 10n },
      stake: { free: 5n, bond: 5n },
      ...changes,
    }).map(({ type }) => type);

  it('is worked out, announced, and opened, one after the other', () => {
    expect(accusing()).to.deep.equal(['prepareOpening']);
    expect(accusing({ opening })).to.deep.equal(['announce']);
    expect(accusing({ opening, announced: true })).to.deep.equal(['open']);
    expect(accusing({ stuck: true })).to.deep.equal([]);
  });

  it('waits while there is an own game, which a re-org may take back', () => {
    expect(accusing({ own: 'open' })).to.deep.equal([]);
    expect(accusing({ own: 'open', claim: 'voided' })).to.deep.equal(['drop']);
  });

  it('is dropped once the own game or the claim is decided', () => {
    for (const own of ['lost', 'closed'] as const) expect(accusing({ own })).to.deep.equal(['drop']);
    for (const claim of ['final', 'voided', 'none'] as const) expect(accusing({ claim })).to.deep.equal(['drop']);
  });

  it('is left to the game of another until the claim could become final behind it', () => {
    expect(accusing({ claim: 'frozen', now: 1_899 })).to.deep.equal([]);
    expect(accusing({ claim: 'frozen', now: 1_900 })).to.deep.equal(['prepareOpening']);
    expect(accusing({ claim: 'frozen', finalAt: undefined })).to.deep.equal([]);
    expect(accusing({ claim: 'standing', now: 1_000 })).to.deep.equal(['prepareOpening']);
  });

  it('is not taken to a game that cannot be paid to its end', () => {
    expect(accusing({ funds: { available: 9n, needed: 10n } })).to.deep.equal(['lackFunds']);
    expect(accusing({ stake: { free: 4n, bond: 5n } })).to.deep.equal(['lackFunds']);
  });
});
