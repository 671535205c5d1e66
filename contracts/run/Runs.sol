// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../claim/IClaims.sol";
import {IClaimSource} from "../claim/IClaimSource.sol";
import {IOwnership} from "../own/IOwnership.sol";
import {ClaimId, ClaimKind, claimId} from "../types/ClaimId.sol";
import {Root} from "../types/Root.sol";
import {now_} from "../types/Time.sol";
import {IAvailability} from "./IAvailability.sol";
import {IRunLimits} from "./IRunLimits.sol";
import {IRuns} from "./IRuns.sol";
import {Rounds} from "./Rounds.sol";
import {RunMetadata, RunParameters} from "./RunParameters.sol";
import {RunStorage} from "./RunStorage.sol";

/// @title Runs
/// @notice The manual is {IRuns}.
contract Runs is Rounds, IClaimSource {
    modifier onlyClaims() {
        require(msg.sender == claims, NotClaims(msg.sender, claims));
        _;
    }

    constructor(
        address stake_,
        address claims_,
        address ownership_,
        address availability_,
        address randomness_,
        address limits_
    ) RunStorage(stake_, claims_, ownership_, availability_, randomness_, limits_) {}

    /// @inheritdoc IRuns
    function createRun(
        RunParameters calldata parameters,
        RunMetadata calldata metadata
    ) external returns (uint64 runId) {
        IRunLimits(limits).requireValid(parameters, IClaims(claims).longestWindow());

        runId = ++runCount;
        Run storage run = _runs[runId];
        run.parameters = parameters;
        run.segments = parameters.segments;
        run.minSegments = parameters.minSegments;
        run.minerBond = parameters.minerBond;
        run.commitDeadline = parameters.opensAt;
        run.root = parameters.genesisRoot;
        run.price = parameters.joinFloor;
        run.pricedAt = now_();

        IAvailability(availability).open(runId, parameters.committeeSeats, parameters.committeeNeeded);
        address shareToken = IOwnership(ownership).open(runId, parameters, metadata);
        emit RunCreated(
            runId,
            msg.sender,
            parameters.recipeRoot,
            parameters.genesisRoot,
            parameters.datasetRoot,
            parameters.opensAt,
            shareToken,
            metadata.name,
            metadata.uri
        );
    }

    /// @inheritdoc IClaimSource
    function onFrozen(ClaimId id) external onlyClaims {
        (uint64 runId, uint32 round) = (id.runOf(), id.roundOf());
        Round storage facts = _rounds[runId][round];
        if (id.kind() == ClaimKind.WORK) {
            facts.challenged = facts.challenged.with(_seats[runId][id.numberOf()].index);
            IOwnership(ownership).onFrozen(id, _runs[runId].round);
        } else if (_isPending(id)) {
            facts.frozen |= _bitOf(id.numberOf());
            facts.aggregateFrom = now_();
        }
    }

    /// @inheritdoc IClaimSource
    function onRestored(ClaimId id) external onlyClaims {
        (uint64 runId, uint32 round) = (id.runOf(), id.roundOf());
        Round storage facts = _rounds[runId][round];
        if (id.kind() == ClaimKind.WORK) {
            facts.challenged = facts.challenged.without(_seats[runId][id.numberOf()].index);
            IOwnership(ownership).onRestored(id);
        } else if (_isPending(id)) {
            facts.frozen &= ~_bitOf(id.numberOf());
        }
    }

    /// @inheritdoc IClaimSource
    function onVoided(ClaimId id) external onlyClaims {
        // A voided aggregate stays what it was made when it was frozen: not standing.
        if (id.kind() == ClaimKind.AGGREGATE) return;
        (uint64 runId, uint32 number) = (id.runOf(), id.numberOf());
        Run storage run = _runs[runId];
        if (id.kind() == ClaimKind.SEAT && _seats[runId][number].until == SERVING) _endSeat(run, runId, number);
        IOwnership(ownership).onVoided(id, run.round);
    }

    /// @inheritdoc IClaimSource
    function termsOf(ClaimId id) external view returns (ClaimTerms memory terms) {
        (uint64 runId, uint32 round, uint32 number) = (id.runOf(), id.roundOf(), id.numberOf());
        RunParameters storage parameters = _runs[runId].parameters;
        ClaimKind kind = id.kind();
        terms.challengeBond = parameters.challengeBond;
        terms.challengeable = kind != ClaimKind.SEAT;
        if (kind == ClaimKind.AGGREGATE) {
            Aggregate storage aggregate = _aggregates[runId][round][uint8(number)];
            terms.claimant = aggregate.claimant;
            terms.bond = parameters.aggregateBond;
            terms.finalAt = aggregate.postedAt.plus(parameters.aggregateChallengeWindow);
            return terms;
        }
        Seat memory seat = _seat(runId, number);
        terms.claimant = seat.owner;
        if (kind == ClaimKind.WORK) {
            terms.bond = parameters.minerBond;
            terms.finalAt = _workFinalAt(runId, round);
        } else {
            terms.bond = _depositOf(parameters, seat.role);
            terms.finalAt = _afterSettling(runId, seat.until);
        }
    }

    /// @inheritdoc IRuns
    function parametersOf(uint64 runId) external view returns (RunParameters memory) {
        return _run(runId).parameters;
    }

    /// @inheritdoc IRuns
    function programsRootOf(uint64 runId) external view returns (Root) {
        return _runs[runId].parameters.programsRoot;
    }

    /// @inheritdoc IRuns
    function runOf(uint64 runId) external view returns (RunView memory view_) {
        Run storage run = _run(runId);
        view_.round = run.round;
        view_.status = _statusOf(runId, run.round);
        view_.due = _dueOf(runId);
        view_.root = run.root;
        view_.seed = _seedOf(runId, run.round);
        view_.miners = run.miners;
        view_.validators = run.validators;
        view_.activeMiners = run.activeMiners;
        view_.activeValidators = run.activeValidators;
        view_.seats = run.seats;
        view_.joiningPrice = _joiningPriceOf(run);
        view_.time = now_();
    }

    /// @inheritdoc IRuns
    function roundOf(uint64 runId, uint32 round) external view returns (RoundView memory view_) {
        Run storage run = _run(runId);
        _requireExists(run, runId, round);
        Round storage facts = _rounds[runId][round];
        bool isCurrent = round == run.round;
        view_.status = _statusOf(runId, round);
        view_.seed = _seedOf(runId, round);
        view_.parent = facts.isRequested ? facts.parent : run.root;
        view_.committed = facts.isRequested ? facts.committed : run.activeMiners.minus(run.awaited);
        if (isCurrent) view_.commitDeadline = run.commitDeadline;
        view_.beacon = facts.beacon;
        view_.ticket = facts.ticket;
        view_.beaconLost = facts.isBeaconLost;
        if (!facts.drawnAt.isZero()) {
            view_.auditDeadline = _auditDeadline(run, facts);
            view_.aggregateDeadline = _aggregateDeadline(run, facts);
        }
        view_.settledAt = facts.settledAt;
        view_.challenged = facts.challenged;
        view_.aggregates = new AggregateView[](facts.attempts);
        for (uint8 attempt = 1; attempt <= facts.attempts; ++attempt) {
            Aggregate storage aggregate = _aggregates[runId][round][attempt];
            view_.aggregates[attempt - 1] = AggregateView(
                claimId(ClaimKind.AGGREGATE, runId, round, attempt),
                aggregate.accepted,
                aggregate.nextRoot,
                _settleableAt(runId, round, attempt),
                _stands(facts.frozen, attempt)
            );
        }
    }

    /// @inheritdoc IRuns
    function statusOf(uint64 runId, uint32 round) external view returns (RoundStatus) {
        _requireExists(_run(runId), runId, round);
        return _statusOf(runId, round);
    }

    /// @inheritdoc IRuns
    function auditOf(uint64 runId, uint32 round) external view returns (Audit memory audit) {
        Run storage run = _run(runId);
        Round storage facts = _rounds[runId][round];
        if (round != run.round || facts.drawnAt.isZero()) return audit;
        bool isOpen = _statusOf(runId, round) == RoundStatus.SEALED;
        return Audit(isOpen, _auditDeadline(run, facts), facts.beacon, facts.committed, run.activeValidators);
    }

    /// @inheritdoc IRuns
    function drawn(uint64 runId, uint32 round, uint32 seat) external view returns (bool isDrawn, uint8 segment) {
        Round storage facts = _rounds[runId][round];
        require(!facts.drawnAt.isZero(), NoBeacon(runId, round));
        RunParameters storage parameters = _runs[runId].parameters;
        uint256 draw = uint256(keccak256(abi.encode(facts.beacon, runId, round, seat)));
        Seat memory miner = _seat(runId, seat);
        bool isProbation = round < uint256(miner.since) + parameters.probationRounds;
        isDrawn = facts.isBeaconLost || isProbation || uint128(draw) % 10_000 < parameters.auditRate;
        uint8 segments = _segmentsOf(_runs[runId], facts, miner.index);
        if (segments > 1) segment = uint8((draw >> 128) % (segments - 1));
    }

    /// @inheritdoc IRuns
    function segmentsOf(uint64 runId, uint32 round, uint32 seat) external view returns (uint8) {
        return _segmentsOf(_runs[runId], _rounds[runId][round], _seat(runId, seat).index);
    }

    /// @inheritdoc IRuns
    function outcomeOf(uint64 runId, uint32 round, uint32 number) external view returns (Outcome memory outcome) {
        Run storage run = _runs[runId];
        Round storage facts = _rounds[runId][round];
        Seat memory seat = _seat(runId, number);
        outcome.owner = seat.owner;
        outcome.current = run.round;
        if (facts.settledAt.isZero() || round < seat.since || seat.until < round) return outcome;
        // Of no aggregate, nobody is accepted.
        outcome.isAccepted = _aggregates[runId][round][_leadingOf(facts)].accepted.has(seat.index);
        if (!outcome.isAccepted) return outcome;
        outcome.segments = _segmentsOf(run, facts, seat.index);
        outcome.finalAt = _workFinalAt(runId, round);
    }

    /// @inheritdoc IRuns
    function workClaimId(uint64 runId, uint32 round, uint32 seat) external pure returns (ClaimId) {
        return claimId(ClaimKind.WORK, runId, round, seat);
    }

    function _requireExists(Run storage run, uint64 runId, uint32 round) private view {
        require(round <= run.round, UnknownRound(runId, round, run.round));
    }

    /// @dev Of a commit.
    function _segmentsOf(Run storage run, Round storage facts, uint8 index) private view returns (uint8) {
        return facts.isWhole ? run.segments : uint8(run.segments - facts.shortfalls.shortfallOf(index));
    }

    /// @dev Whether a claim is an aggregate of the round that is under way.
    function _isPending(ClaimId id) private view returns (bool) {
        return id.kind() == ClaimKind.AGGREGATE && id.roundOf() == _runs[id.runOf()].round;
    }
}
