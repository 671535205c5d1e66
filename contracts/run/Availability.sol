// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../claim/IClaims.sol";
import {Openings} from "../claim/referee/Openings.sol";
import {RunPrograms} from "../claim/RunPrograms.sol";
import {ClaimId, ClaimKind, claimId} from "../types/ClaimId.sol";
import {MemberSet} from "../types/MemberSet.sol";
import {Root} from "../types/Root.sol";
import {Auditing} from "./Auditing.sol";
import {drawCommittee, neededUp} from "./Committee.sol";
import {IAvailability} from "./IAvailability.sol";
import {IRuns} from "./IRuns.sol";
import {Pieces} from "./Pieces.sol";
import {Tally} from "./Tally.sol";

/// @title Availability
/// @notice The manual is {IAvailability}.
contract Availability is Auditing, IAvailability {
    struct Terms {
        uint8 seats;
        uint8 needed;
    }

    /// @dev `committee` is kept when the first of it speaks.
    struct Round {
        MemberSet committee;
        MemberSet said;
        MemberSet published;
        Tally received;
    }

    mapping(uint64 runId => Terms) private _terms;

    mapping(uint64 runId => mapping(uint32 round => Round)) private _rounds;

    /// @inheritdoc IAvailability
    mapping(ClaimId work => bytes32) public pendingOf;

    constructor(address stake_, address claims_, address runs_) Auditing(stake_, claims_, runs_) {}

    /// @inheritdoc IAvailability
    function open(uint64 runId, uint8 seats, uint8 needed) external {
        require(msg.sender == runs, NotRuns(msg.sender, runs));

        _terms[runId] = Terms(seats, needed);
    }

    /// @inheritdoc IAvailability
    function attest(uint64 runId, uint32 round, MemberSet received) external {
        IRuns.Audit memory audit = IRuns(runs).auditOf(runId, round);
        // INVARIANT: nothing is said once the available members are fixed.
        require(audit.isOpen, NoAudit(runId, round));
        (address owner, uint8 index) = _servingSeat(runId, round);
        Round storage facts = _rounds[runId][round];
        MemberSet committee = _committeeOf(runId, round, audit);
        // INVARIANT: only those speak whom the beacon has drawn.
        require(committee.has(index), NotInCommittee(runId, round, index));
        // INVARIANT: each of them speaks once.
        require(!facts.said.has(index), AlreadySaid(runId, round, index));
        require(received.isWithin(audit.committed), ReceivedNotCommitted(received, audit.committed));

        if (facts.said.isEmpty()) facts.committee = committee;
        facts.said = facts.said.with(index);
        facts.received.name(received);

        emit Attested(runId, round, owner, index, received);

        _concludeIfComplete(runId, round, audit);
    }

    /// @inheritdoc IAvailability
    function publish(
        ClaimId work,
        IRuns.Commitment calldata commitment,
        bytes32[] calldata pending,
        bytes calldata pieces
    ) external {
        (uint64 runId, uint32 round) = (work.runOf(), work.roundOf());
        // INVARIANT: nothing is published once the available members are fixed.
        require(IRuns(runs).statusOf(runId, round) <= IRuns.RoundStatus.SEALED, NotPublishable(work));
        IRuns.Seat memory seat = IRuns(runs).seatOf(runId, work.numberOf());
        _requireClaim(work, keccak256(abi.encode(seat.owner, commitment)));
        Round storage facts = _rounds[runId][round];
        require(!facts.published.has(seat.index), AlreadyPublished(work));
        bytes32 given = keccak256(abi.encode(pending));
        bytes32 expected = pendingOf[work];
        if (expected == bytes32(0)) expected = _hashOf(commitment.payloadRoot);
        // INVARIANT: every message of the payload's tree is published, in one order.
        require(given == expected, PendingMismatch(work, given, expected));

        bytes32[] memory left = Pieces.follow(pending, pieces);
        emit PiecesPublished(work, pieces);
        if (left.length != 0) {
            pendingOf[work] = keccak256(abi.encode(left));
            return;
        }
        delete pendingOf[work];
        facts.published = facts.published.with(seat.index);

        emit Published(runId, round, work, seat.index);

        _concludeIfComplete(runId, round, IRuns(runs).auditOf(runId, round));
    }

    /// @inheritdoc IAvailability
    function leaveOutFeedback(
        ClaimId work,
        IRuns.Commitment calldata commitment,
        RunPrograms calldata programs,
        bytes32 payload,
        bytes32 feedback
    ) external {
        uint64 runId = work.runOf();
        IRuns.Seat memory seat = IRuns(runs).seatOf(runId, work.numberOf());
        _requireClaim(work, keccak256(abi.encode(seat.owner, commitment)));
        require(!_rounds[runId][work.roundOf()].published.has(seat.index), AlreadyPublished(work));
        // INVARIANT: what has begun goes on: nobody can undo what somebody else has published.
        require(pendingOf[work] == bytes32(0), AlreadyBegun(work));
        // INVARIANT: only what no aggregate reads is left out.
        bytes32 posted = Root.unwrap(IRuns(runs).programsRootOf(runId));
        bool isKnown = keccak256(abi.encode(programs)) == posted && programs.zeroPayload != bytes32(0);
        require(isKnown, NoFeedback(runId));
        bytes32 given = Openings.hashNode(payload, feedback);
        bytes32 expected = Root.unwrap(commitment.payloadRoot);
        require(given == expected, WrongPiece(0, given, expected));

        pendingOf[work] = _hashOf(Root.wrap(payload));
    }

    /// @inheritdoc IAvailability
    function reportUnserved(ClaimId work) external {
        (uint64 runId, uint32 round, uint32 number) = (work.runOf(), work.roundOf(), work.numberOf());
        // INVARIANT: nobody has failed to serve while it still can.
        require(IRuns(runs).statusOf(runId, round) > IRuns.RoundStatus.SEALED, AuditNotOver(runId, round));
        // INVARIANT: a deposit answers for committed work that was drawn, and for no other.
        (bool isDrawn, ) = _drawOf(work);
        require(isDrawn, NotDrawn(work));
        IRuns.Seat memory seat = IRuns(runs).seatOf(runId, number);
        // INVARIANT: whose payload can be had loses nothing.
        require(!availableOf(runId, round).has(seat.index), Served(work));

        emit Unserved(runId, round, work, number);

        IClaims(claims).forfeit(claimId(ClaimKind.SEAT, runId, seat.since, number));
    }

    /// @inheritdoc IAvailability
    function viewOf(uint64 runId, uint32 round) external view returns (View memory view_) {
        Round storage facts = _rounds[runId][round];
        view_.committee = _committeeOf(runId, round, IRuns(runs).auditOf(runId, round));
        view_.needed = uint8(_neededOf(runId, view_.committee));
        view_.said = facts.said;
        view_.published = facts.published;
        view_.available = availableOf(runId, round);
    }

    /// @inheritdoc IAvailability
    function availableOf(uint64 runId, uint32 round) public view returns (MemberSet available) {
        Round storage facts = _rounds[runId][round];
        available = facts.published;
        if (facts.said.isEmpty()) return available;
        return available.unite(facts.received.namedAtLeast(_neededOf(runId, facts.committee)));
    }

    /// @dev With every committed payload there is nothing to wait for, nor anybody to wrong.
    function _concludeIfComplete(uint64 runId, uint32 round, IRuns.Audit memory audit) private {
        if (audit.isOpen && audit.committed.isWithin(availableOf(runId, round))) IRuns(runs).conclude(runId, round);
    }

    function _committeeOf(uint64 runId, uint32 round, IRuns.Audit memory audit) private view returns (MemberSet) {
        Round storage facts = _rounds[runId][round];
        if (!facts.said.isEmpty() || !audit.isOpen) return facts.committee;
        bytes32 seed = keccak256(abi.encode("swarmlock/availability", audit.beacon, runId, round));
        return drawCommittee(audit.committed.unite(audit.validators), _terms[runId].seats, seed);
    }

    function _neededOf(uint64 runId, MemberSet committee) private view returns (uint256) {
        Terms memory terms = _terms[runId];
        return neededUp(committee.count(), terms.needed, terms.seats);
    }

    /// @dev Of the stack that holds one hash.
    function _hashOf(Root root) private pure returns (bytes32) {
        bytes32[] memory stack = new bytes32[](1);
        stack[0] = Root.unwrap(root);
        return keccak256(abi.encode(stack));
    }

    function _requireClaim(ClaimId work, bytes32 given) private view {
        bytes32 posted = IClaims(claims).wordOf(work);
        // INVARIANT: what is published is what a miner has committed.
        require(work.kind() == ClaimKind.WORK && given == posted, NotTheClaim(work, given, posted));
    }
}
