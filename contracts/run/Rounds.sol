// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../claim/IClaims.sol";
import {IOwnership} from "../own/IOwnership.sol";
import {IStakeManager} from "../stake/IStakeManager.sol";
import {ClaimId, ClaimKind, claimId} from "../types/ClaimId.sol";
import {MemberSet, NOBODY} from "../types/MemberSet.sol";
import {Root} from "../types/Root.sol";
import {Instant, now_} from "../types/Time.sol";
import {IRandomness} from "./IRandomness.sol";
import {IRuns} from "./IRuns.sol";
import {Membership} from "./Membership.sol";

/// @title What happens in a round.
abstract contract Rounds is Membership {
    /// @inheritdoc IRuns
    function commit(uint64 runId, uint32 round, Commitment calldata commitment) external {
        Run storage run = _run(runId);
        _requireCurrent(run, runId, round);
        // INVARIANT: nothing is committed from the deadline on, so nothing is committed once the beacon may be known.
        require(!now_().isAtOrAfter(run.commitDeadline), WrongStatus(runId, round, RoundStatus.SEALED));
        // INVARIANT: all work of a round starts from the same state.
        require(commitment.parent == run.root, WrongParent(commitment.parent, run.root));
        // INVARIANT: a commit has as many segments as the run allows, whatever the miner would like to be drawn.
        (uint256 segments, uint8 least, uint8 most) = (commitment.segmentRoots.length, run.minSegments, run.segments);
        require(least <= segments && segments <= most, WrongSegmentCount(segments, least, most));
        (address owner, Tenancy memory seat) = _servingSeat(runId, round);
        // INVARIANT: an active miner commits once.
        MemberSet awaited = run.awaited;
        require(awaited.has(seat.index), NothingAwaited(runId, round, seat.index));

        run.awaited = awaited.without(seat.index);
        if (segments != most) _rounds[runId][round].shortfalls.note(seat.index, most - segments);

        ClaimId id = claimId(ClaimKind.WORK, runId, round, seat.seat);
        bytes32 word = keccak256(abi.encode(owner, commitment));
        emit Committed(runId, round, owner, id, seat.index, word, commitment);

        IClaims(claims).post(id, word, owner, run.minerBond);
    }

    /// @inheritdoc IRuns
    function tick(uint64 runId) external {
        Run storage run = _run(runId);
        uint32 round = run.round;
        Step step = _dueOf(runId);
        // INVARIANT: facts and time alone move a round, whoever calls.
        require(step != Step.NONE, NothingDue(runId, round, _statusOf(runId, round)));

        if (step == Step.REQUEST) _seal(run, runId, round);
        else if (step == Step.DRAW) _draw(run, runId, round);
        else _settle(run, runId, round);
    }

    /// @inheritdoc IRuns
    function conclude(uint64 runId, uint32 round) external {
        bool isReceived = msg.sender == availability;
        require(isReceived || msg.sender == IClaims(claims).verdicts(), NotConcluding(msg.sender));
        // Both are told only while the audit is open.
        Round storage facts = _rounds[runId][round];
        if (isReceived) facts.isReceived = true;
        else facts.isJudged = true;
        if (!facts.isReceived || !facts.isJudged) return;
        facts.aggregateFrom = now_();

        emit AuditConcluded(runId, round);
    }

    /// @inheritdoc IRuns
    function claimAggregate(uint64 runId, uint32 round, MemberSet accepted, Root nextRoot) external {
        Run storage run = _run(runId);
        _requireCurrent(run, runId, round);
        Round storage facts = _rounds[runId][round];
        _requireAggregatable(run, runId, round);
        require(!accepted.isEmpty(), NothingAccepted());
        // INVARIANT: the state moves by committed, unchallenged and available work, by all of it, and by no other.
        MemberSet due = _acceptableMembers(runId, round);
        require(accepted.equals(due), WrongMembers(accepted, due));
        _requireNew(runId, round, accepted, nextRoot);

        uint8 attempt = ++facts.attempts;
        address claimant = IStakeManager(stake).principalOf(msg.sender);
        _aggregates[runId][round][attempt] = Aggregate(claimant, now_(), accepted, nextRoot);

        ClaimId id = claimId(ClaimKind.AGGREGATE, runId, round, attempt);
        bytes32 word = keccak256(abi.encode(claimant, run.root, accepted, nextRoot));
        Instant settleableAt = _settleableAt(runId, round, attempt);
        emit AggregateClaimed(runId, round, claimant, id, word, run.root, accepted, nextRoot, settleableAt);

        IClaims(claims).post(id, word, claimant, run.parameters.aggregateBond);
    }

    function _requireAggregatable(Run storage run, uint64 runId, uint32 round) private view {
        Round storage facts = _rounds[runId][round];
        // INVARIANT: the state moves only after the audit.
        RoundStatus status = _statusOf(runId, round);
        bool isAudited = status == RoundStatus.AUDITED || status == RoundStatus.AGGREGATED;
        require(isAudited, WrongStatus(runId, round, status));
        Instant deadline = _aggregateDeadline(run, facts);
        require(!now_().isAtOrAfter(deadline), AggregateWindowClosed(runId, round, deadline));
        require(facts.attempts < MAX_AGGREGATES, TooManyAggregates(runId, round, facts.attempts));
    }

    /// @dev INVARIANT: what stands is claimed once: whoever doubts it need not challenge it twice.
    function _requireNew(uint64 runId, uint32 round, MemberSet accepted, Root nextRoot) private view {
        Round storage facts = _rounds[runId][round];
        for (uint8 attempt = 1; attempt <= facts.attempts; ++attempt) {
            if (!_stands(facts.frozen, attempt)) continue;
            Aggregate storage other = _aggregates[runId][round][attempt];
            bool isNew = nextRoot != other.nextRoot || !accepted.equals(other.accepted);
            require(isNew, AggregateStands(claimId(ClaimKind.AGGREGATE, runId, round, attempt)));
        }
    }

    /// @dev Keeps the round's parent and who committed, and fixes the randomness that nobody knows yet.
    function _seal(Run storage run, uint64 runId, uint32 round) private {
        Round storage facts = _rounds[runId][round];
        MemberSet committed = run.activeMiners.minus(run.awaited);
        facts.isRequested = true;
        facts.parent = run.root;
        facts.committed = committed;
        facts.isWhole = facts.shortfalls.sum(committed) == 0;
        facts.ticket = IRandomness(randomness).request();

        emit Sealed(runId, round, committed, facts.ticket);
    }

    /// @dev The one draw. Lost randomness is replaced by a word that everyone could have known, and everyone is audited.
    function _draw(Run storage run, uint64 runId, uint32 round) private {
        Round storage facts = _rounds[runId][round];
        (IRandomness.Draw draw, bytes32 beacon) = IRandomness(randomness).read(facts.ticket);
        bool isLost = draw == IRandomness.Draw.LOST;
        if (isLost) beacon = keccak256(abi.encode("swarmlock/lost", runId, round, facts.parent, facts.committed));
        facts.beacon = beacon;
        facts.isBeaconLost = isLost;
        facts.drawnAt = now_();

        emit BeaconDrawn(runId, round, beacon, isLost, _auditDeadline(run, facts));
    }

    /// @dev Settles with the leading aggregate, or unchanged without one, and opens the next round.
    function _settle(Run storage run, uint64 runId, uint32 round) private {
        Round storage facts = _rounds[runId][round];
        facts.settledAt = now_();
        MemberSet accepted;
        uint8 leading = _leadingOf(facts);
        if (leading != 0) {
            Aggregate storage aggregate = _aggregates[runId][round][leading];
            accepted = aggregate.accepted;
            run.root = aggregate.nextRoot;
        }

        emit RoundSettled(runId, round, run.root, accepted);

        _openRound(run, runId, round + 1);
        if (!accepted.isEmpty()) {
            uint256 segments = accepted.count() * run.segments;
            if (!facts.isWhole) segments -= facts.shortfalls.sum(accepted);
            IOwnership(ownership).accrue(runId, round, segments, segments * run.parameters.tokensPerSegment);
        }
    }

    /// @dev Freezes the members. With too few of them nobody is active, and the round is over once there are enough.
    function _openRound(Run storage run, uint64 runId, uint32 round) private {
        MemberSet miners;
        if (!_hasTooFewMiners(run)) miners = run.miners;
        MemberSet validators = run.validators;
        Instant deadline = miners.isEmpty() ? now_() : now_().plus(run.parameters.commitWindow);
        run.round = round;
        run.commitDeadline = deadline;
        run.awaited = miners.with(NOBODY);
        run.activeMiners = miners;
        run.activeValidators = validators;

        emit RoundOpened(runId, round, run.root, _seedOf(runId, round), deadline, miners, validators);
    }
}
