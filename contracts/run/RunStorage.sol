// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MemberSet, NOBODY} from "../types/MemberSet.sol";
import {Root} from "../types/Root.sol";
import {Instant, NEVER, now_} from "../types/Time.sol";
import {IAvailability} from "./IAvailability.sol";
import {IRandomness} from "./IRandomness.sol";
import {IRuns} from "./IRuns.sol";
import {RunParameters} from "./RunParameters.sol";
import {Shortfalls} from "./Shortfalls.sol";

/// @title What a run stores, and what follows from it and the time.
abstract contract RunStorage is IRuns {
    /// @dev The first word holds what a commit reads. `awaited` is the active miners that have not committed, and always
    /// the index that no member has: a word that is never zero is cheap to write, for the first commit and for `tick`.
    struct Run {
        uint32 round;
        uint32 seats;
        Instant commitDeadline;
        uint8 segments;
        uint8 minSegments;
        uint128 minerBond;
        Root root;
        MemberSet awaited;
        MemberSet activeMiners;
        MemberSet activeValidators;
        MemberSet miners;
        MemberSet validators;
        uint128 price;
        Instant pricedAt;
        RunParameters parameters;
    }

    /// @dev Written from sealing on. `aggregateFrom` is set when the audit closes early and when an aggregate is
    /// challenged; the aggregate window runs from there.
    struct Round {
        uint64 ticket;
        Instant drawnAt;
        Instant aggregateFrom;
        Instant settledAt;
        uint8 attempts;
        bool isRequested;
        bool isBeaconLost;
        uint8 frozen; // one bit for each aggregate, lowest first: it is challenged, or has lost
        bool isWhole; // sealed, and nobody has fallen short
        bool isReceived; // every committed payload is available
        bool isJudged; // every active validator has reported
        Root parent;
        MemberSet committed;
        bytes32 beacon;
        MemberSet challenged;
        Shortfalls shortfalls;
    }

    /// @dev A seat as a commit needs it, in one word. The latest of an owner.
    struct Tenancy {
        uint32 seat;
        uint8 index;
        Role role;
        uint32 since;
        uint32 until;
    }

    struct Aggregate {
        address claimant;
        Instant postedAt;
        MemberSet accepted;
        Root nextRoot;
    }

    /// @notice Aggregate claims in one round at most, so that challenges cannot hold a round for ever.
    uint8 public constant MAX_AGGREGATES = 8;

    /// @dev `Seat.until` of a seat that has not been given up.
    uint32 internal constant SERVING = type(uint32).max;

    /// @inheritdoc IRuns
    uint64 public runCount;

    mapping(uint64 runId => Run) internal _runs;
    mapping(uint64 runId => mapping(uint32 round => Round)) internal _rounds;
    mapping(uint64 runId => mapping(uint32 round => mapping(uint8 attempt => Aggregate))) internal _aggregates;
    mapping(uint64 runId => mapping(uint32 seat => Seat)) internal _seats;
    mapping(uint64 runId => mapping(address owner => Tenancy)) internal _tenancies;

    /// @inheritdoc IRuns
    mapping(uint64 runId => mapping(uint8 index => uint32)) public seatAt;

    /// @inheritdoc IRuns
    address public immutable stake;

    /// @inheritdoc IRuns
    address public immutable claims;

    /// @inheritdoc IRuns
    address public immutable ownership;

    /// @inheritdoc IRuns
    address public immutable availability;

    /// @inheritdoc IRuns
    address public immutable randomness;

    /// @inheritdoc IRuns
    address public immutable limits;

    constructor(
        address stake_,
        address claims_,
        address ownership_,
        address availability_,
        address randomness_,
        address limits_
    ) {
        stake = stake_;
        claims = claims_;
        ownership = ownership_;
        availability = availability_;
        randomness = randomness_;
        limits = limits_;
    }

    function _run(uint64 runId) internal view returns (Run storage run) {
        run = _runs[runId];
        // Every run has segments, and a commit reads that word anyway.
        require(run.segments != 0, UnknownRun(runId));
    }

    function _requireCurrent(Run storage run, uint64 runId, uint32 round) internal view {
        require(round == run.round, WrongRound(runId, round, run.round));
    }

    /// @dev The status of a round that exists, from facts and time.
    function _statusOf(uint64 runId, uint32 round) internal view returns (RoundStatus) {
        Run storage run = _runs[runId];
        Round storage facts = _rounds[runId][round];
        if (round < run.round) return RoundStatus.SETTLED;
        if (!facts.isRequested) return _isOpen(run) ? RoundStatus.OPEN : RoundStatus.SEALED;
        if (_leadingOf(facts) != 0) return RoundStatus.AGGREGATED;
        if (facts.drawnAt.isZero() || !now_().isAtOrAfter(_auditDeadline(run, facts))) return RoundStatus.SEALED;
        return RoundStatus.AUDITED;
    }

    /// @dev What `tick` does to the current round now.
    function _dueOf(uint64 runId) internal view returns (Step) {
        Run storage run = _runs[runId];
        Round storage facts = _rounds[runId][run.round];
        RoundStatus status = _statusOf(runId, run.round);
        if (status == RoundStatus.SEALED) {
            if (!facts.isRequested) return Step.REQUEST;
            return facts.drawnAt.isZero() && _isReadable(facts.ticket) ? Step.DRAW : Step.NONE;
        }
        bool isDue;
        if (status == RoundStatus.AUDITED) {
            isDue = _isBarren(runId, run.round) || now_().isAtOrAfter(_aggregateDeadline(run, facts));
        } else if (status == RoundStatus.AGGREGATED) {
            isDue = now_().isAtOrAfter(_settleableAt(runId, run.round, _leadingOf(facts)));
        }
        return isDue ? Step.SETTLE : Step.NONE;
    }

    function _isOpen(Run storage run) internal view returns (bool) {
        bool isOver = now_().isAtOrAfter(run.commitDeadline);
        if (run.activeMiners.isEmpty()) return !isOver || _hasTooFewMiners(run);
        return !isOver && !run.awaited.without(NOBODY).isEmpty();
    }

    /// @dev To begin a round with.
    function _hasTooFewMiners(Run storage run) internal view returns (bool) {
        return run.miners.count() < run.parameters.minMiners;
    }

    function _isReadable(uint64 ticket) internal view returns (bool) {
        (IRandomness.Draw draw, ) = IRandomness(randomness).read(ticket);
        return draw != IRandomness.Draw.PENDING;
    }

    /// @dev Nobody can claim an aggregate any more.
    function _isBarren(uint64 runId, uint32 round) internal view returns (bool) {
        return _rounds[runId][round].attempts == MAX_AGGREGATES || _acceptableMembers(runId, round).isEmpty();
    }

    /// @dev The aggregate that the round settles with, or has: the first that stands; zero when none does. Once the round is
    /// settled, none is frozen or restored in it any more.
    function _leadingOf(Round storage facts) internal view returns (uint8) {
        (uint8 attempts, uint8 frozen) = (facts.attempts, facts.frozen);
        for (uint8 attempt = 1; attempt <= attempts; ++attempt) if (_stands(frozen, attempt)) return attempt;
        return 0;
    }

    function _stands(uint8 frozen, uint256 attempt) internal pure returns (bool) {
        return frozen & _bitOf(attempt) == 0;
    }

    /// @dev Of an aggregate, in `Round.frozen`.
    function _bitOf(uint256 attempt) internal pure returns (uint8) {
        return uint8(1 << (attempt - 1));
    }

    /// @dev Once the audit is over.
    function _acceptableMembers(uint64 runId, uint32 round) internal view returns (MemberSet) {
        Round storage facts = _rounds[runId][round];
        MemberSet standing = facts.committed.minus(facts.challenged);
        return standing.intersect(IAvailability(availability).availableOf(runId, round));
    }

    /// @dev Once the beacon is drawn. With nothing committed there is nothing to audit.
    function _auditDeadline(Run storage run, Round storage facts) internal view returns (Instant) {
        if (facts.committed.isEmpty()) return facts.drawnAt;
        if (!facts.aggregateFrom.isZero()) return facts.aggregateFrom;
        return facts.drawnAt.plus(run.parameters.auditWindow);
    }

    function _aggregateDeadline(Run storage run, Round storage facts) internal view returns (Instant) {
        return _auditDeadline(run, facts).plus(run.parameters.aggregateWindow);
    }

    function _settleableAt(uint64 runId, uint32 round, uint8 attempt) internal view returns (Instant) {
        return _aggregates[runId][round][attempt].postedAt.plus(_runs[runId].parameters.aggregateChallengeWindow);
    }

    /// @dev The seed of a round's batches comes from the beacon of the round before, when all its commits were in.
    function _seedOf(uint64 runId, uint32 round) internal view returns (bytes32) {
        if (round == 0) return bytes32(0);
        return keccak256(abi.encode(_rounds[runId][round - 1].beacon, runId, round));
    }

    /// @dev When an unchallenged claim of a miner in this round is final: with all of its epoch.
    function _workFinalAt(uint64 runId, uint32 round) internal view returns (Instant) {
        uint8 length = _runs[runId].parameters.epochRounds;
        uint32 lastRound = ((round - 1) / length + 1) * length;
        return _afterSettling(runId, lastRound);
    }

    /// @dev One challenge window after a round was settled; `NEVER` before it is.
    function _afterSettling(uint64 runId, uint32 round) internal view returns (Instant) {
        Instant settledAt = _rounds[runId][round].settledAt;
        return settledAt.isZero() ? NEVER : settledAt.plus(_runs[runId].parameters.challengeWindow);
    }
}
