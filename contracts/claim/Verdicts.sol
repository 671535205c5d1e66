// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {Auditing} from "../run/Auditing.sol";
import {drawCommittee} from "../run/Committee.sol";
import {IAvailability} from "../run/IAvailability.sol";
import {IRuns} from "../run/IRuns.sol";
import {RunParameters} from "../run/RunParameters.sol";
import {ClaimId, ClaimKind, claimId} from "../types/ClaimId.sol";
import {MemberSet, NOBODY} from "../types/MemberSet.sol";
import {Duration, Instant, now_} from "../types/Time.sol";
import {IClaims} from "./IClaims.sol";
import {IClaimSource} from "./IClaimSource.sol";
import {IVerdicts} from "./IVerdicts.sol";

/// @title Verdicts
/// @notice The manual is {IVerdicts}.
contract Verdicts is Auditing, IVerdicts, IClaimSource {
    /// @dev What a revealed verdict needs later, in one word. `seat` is the miner's. When another verdict on the same claim
    /// differs, `isContested`, and `rival` is the index of its validator.
    struct Revealed {
        address validator;
        Instant finalAt;
        uint32 seat;
        bool isContested;
        uint8 rival;
    }

    /// @dev What the first verdict on a claim says, and the index of its validator.
    struct First {
        uint248 finding;
        uint8 validator;
    }

    /// @dev Of a run's parameters, which never change; kept in one word by the first seal, since all of them fill many.
    struct Terms {
        Duration auditWindow;
        Duration challengeWindow;
        uint128 challengeBond;
    }

    /// @dev Drawn for each drawn claim, as many as there are.
    uint256 private constant VALIDATORS_PER_CLAIM = 2;

    /// @inheritdoc IVerdicts
    mapping(uint64 runId => mapping(uint32 round => mapping(address validator => bytes32))) public sealOf;

    /// @inheritdoc IVerdicts
    mapping(uint64 runId => mapping(uint32 round => mapping(address validator => bytes32))) public standInSealOf;

    /// @dev Who is on duty, and always the index that no member has, so that a set of nobody is known as well.
    mapping(uint64 runId => mapping(uint32 round => MemberSet)) private _onDuty;

    /// @inheritdoc IVerdicts
    mapping(uint64 runId => mapping(uint32 round => MemberSet)) public sealersOf;

    /// @inheritdoc IVerdicts
    mapping(uint64 runId => mapping(uint32 round => MemberSet)) public reportersOf;

    /// @inheritdoc IVerdicts
    mapping(uint64 runId => mapping(uint32 round => uint32)) public revealedIn;

    mapping(ClaimId id => Revealed) private _revealed;
    mapping(ClaimId work => First) private _firsts;
    mapping(uint64 runId => Terms) private _terms;

    constructor(address stake_, address claims_, address runs_) Auditing(stake_, claims_, runs_) {}

    /// @inheritdoc IVerdicts
    function seal(uint64 runId, uint32 round, bytes32 root) external {
        IRuns.Audit memory audit = IRuns(runs).auditOf(runId, round);
        Phase phase = _phaseOf(runId, round, audit);
        bool isStandIn = phase == Phase.STANDING_IN;
        // INVARIANT: nothing is sealed before the draw, nor once a verdict may be known.
        require(isStandIn || phase == Phase.SEALING, NotSealing(runId, round, phase));
        (address validator, uint8 index) = _servingSeat(runId, round);
        MemberSet onDuty = _drawDuties(runId, round, audit);
        MemberSet sealers = sealersOf[runId][round];
        // INVARIANT: only those seal for whom the others wait, and only those stand in who were there.
        require((isStandIn ? sealers : onDuty).has(index), NotOnDuty(runId, round, index));
        bytes32 before = (isStandIn ? standInSealOf : sealOf)[runId][round][validator];
        // INVARIANT: a validator seals once.
        bool isSealed = isStandIn ? before != bytes32(0) : sealers.has(index);
        require(!isSealed, AlreadySealed(runId, round, validator));

        (isStandIn ? standInSealOf : sealOf)[runId][round][validator] = root;
        if (!isStandIn) sealersOf[runId][round] = sealers.with(index);
        if (_terms[runId].challengeBond == 0) _terms[runId] = _termsOf(runId);

        emit VerdictsSealed(runId, round, validator, root);
    }

    /// @inheritdoc IVerdicts
    function reveal(Verdict calldata verdict, bytes32 salt, bytes32[] calldata proof) external {
        ClaimId work = verdict.work;
        (uint64 runId, uint32 round) = (work.runOf(), work.roundOf());
        address validator = verdict.validator;
        IRuns.Audit memory audit = IRuns(runs).auditOf(runId, round);
        // INVARIANT: a verdict is known only when no other can be sealed any more.
        Phase phase = _phaseOf(runId, round, audit);
        require(phase == Phase.REVEALING, NotRevealing(runId, round, phase));
        // INVARIANT: only a validator's own key puts its bond at risk.
        (address owner, uint8 index) = _servingSeat(runId, round);
        require(owner == validator, NotOwnVerdict(owner, validator));
        // INVARIANT: nobody chooses whom it audits.
        (MemberSet drawn, MemberSet standIns) = _validatorsOf(work, audit);
        require(drawn.unite(standIns).has(index), NotOnDuty(runId, round, index));
        // INVARIANT: what is revealed was sealed by this validator, with a salt that only it knew.
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(verdict, salt))));
        bytes32 root = (drawn.has(index) ? sealOf : standInSealOf)[runId][round][validator];
        require(MerkleProof.verifyCalldata(proof, root, leaf), SealMismatch(runId, round, validator));
        // INVARIANT: a verdict is on the segment that the beacon has drawn, of a claim that a miner has made.
        (bool isDrawn, uint8 segment) = _drawOf(work);
        require(isDrawn && verdict.segment == segment, NotDrawn(work, verdict.segment));
        // INVARIANT: nobody audits its own work.
        IRuns.Seat memory miner = IRuns(runs).seatOf(runId, work.numberOf());
        require(miner.owner != validator, OwnWork(work, validator));
        // INVARIANT: a validator has one verdict on a claim.
        ClaimId id = _verdictId(runId, round, index, miner.index);
        require(_revealed[id].validator == address(0), AlreadyRevealed(id));

        Terms memory terms = _terms[runId];
        (bool isContested, uint8 rival) = _compare(verdict, index, miner.index);
        Instant finalAt = now_().plus(terms.challengeWindow);
        _revealed[id] = Revealed(validator, finalAt, work.numberOf(), isContested, rival);
        ++revealedIn[runId][round];
        bytes32 word = keccak256(abi.encode(verdict));

        emit VerdictRevealed(runId, round, validator, id, word, verdict);

        IClaims(claims).post(id, word, validator, terms.challengeBond);
    }

    /// @inheritdoc IVerdicts
    function report(uint64 runId, uint32 round, MemberSet audited) external {
        IRuns.Audit memory audit = IRuns(runs).auditOf(runId, round);
        // INVARIANT: validators report between the beacon and the audit's end.
        require(audit.isOpen, NoAudit(runId, round));
        (address validator, uint8 index) = _servingSeat(runId, round);
        bool isSealing = _phaseOf(runId, round, audit) == Phase.SEALING;
        MemberSet onDuty = _drawDuties(runId, round, audit);
        require((onDuty.isEmpty() ? audit.validators : onDuty).has(index), NotOnDuty(runId, round, index));
        // INVARIANT: a validator reports once.
        MemberSet reporters = reportersOf[runId][round];
        require(!reporters.has(index), AlreadyReported(runId, round, validator));

        reporters = reporters.with(index);
        reportersOf[runId][round] = reporters;
        if (isSealing) sealersOf[runId][round] = sealersOf[runId][round].with(index);
        bool isLast = onDuty.isWithin(reporters);

        emit Reported(runId, round, validator, index, audited, isLast);

        if (isLast) IRuns(runs).conclude(runId, round);
    }

    /// @inheritdoc IVerdicts
    function reportAbsent(ClaimId work, uint8 validator) external {
        (uint64 runId, uint32 round) = (work.runOf(), work.roundOf());
        IRuns.Audit memory audit = IRuns(runs).auditOf(runId, round);
        // INVARIANT: nobody was absent while it can still come.
        require(!audit.isOpen && audit.beacon != bytes32(0), AuditNotOver(runId, round));
        (bool isDrawn, uint8 segment) = _drawOf(work);
        require(isDrawn, NotDrawn(work, segment));
        // INVARIANT: a deposit answers for what the beacon has drawn, and for no standing in.
        require(_drawnFor(work, audit).has(validator), NotOnDuty(runId, round, validator));
        uint8 miner = IRuns(runs).seatOf(runId, work.numberOf()).index;
        // INVARIANT: whoever has given its verdict was there.
        ClaimId id = _verdictId(runId, round, validator, miner);
        require(_revealed[id].validator == address(0), AlreadyRevealed(id));
        // INVARIANT: nobody owes a verdict on what it could not have found right.
        bool isStanding = IClaims(claims).statusOf(work) == IClaims.ClaimStatus.STANDING;
        address availability = IRuns(runs).availability();
        bool isAvailable = IAvailability(availability).availableOf(runId, round).has(miner);
        require(isStanding && isAvailable, Excused(work));

        uint32 seat = IRuns(runs).seatAt(runId, validator);
        emit Absent(runId, round, work, seat);

        uint32 since = IRuns(runs).seatOf(runId, seat).since;
        IClaims(claims).forfeit(claimId(ClaimKind.SEAT, runId, since, seat));
    }

    // What becomes of a verdict is asked of the claims contract: nothing else depends on it here.

    /// @inheritdoc IClaimSource
    function onFrozen(ClaimId id) external pure {}

    /// @inheritdoc IClaimSource
    function onRestored(ClaimId id) external pure {}

    /// @inheritdoc IClaimSource
    function onVoided(ClaimId id) external pure {}

    /// @inheritdoc IClaimSource
    function termsOf(ClaimId id) external view returns (ClaimTerms memory terms) {
        Revealed memory revealed = _revealed[id];
        terms.claimant = revealed.validator;
        terms.bond = _terms[id.runOf()].challengeBond;
        terms.challengeBond = terms.bond;
        terms.finalAt = revealed.finalAt;
        terms.challengeable = true;
    }

    /// @inheritdoc IVerdicts
    function workOf(ClaimId id) external view returns (ClaimId work) {
        uint32 seat = _revealed[id].seat;
        if (seat != 0) work = claimId(ClaimKind.WORK, id.runOf(), id.roundOf(), seat);
    }

    /// @inheritdoc IVerdicts
    function standingOf(ClaimId id) external view returns (address validator, IClaims.ClaimStatus status) {
        Revealed memory revealed = _revealed[id];
        validator = revealed.validator;
        if (validator == address(0)) return (validator, IClaims.ClaimStatus.NONE);
        status = IClaims(claims).statusOf(id);
        if (!revealed.isContested || status != IClaims.ClaimStatus.FINAL) return (validator, status);
        ClaimId other = _verdictId(id.runOf(), id.roundOf(), revealed.rival, uint8(id.numberOf()));
        IClaims.ClaimStatus rival = IClaims(claims).statusOf(other);
        // With both final, nobody can show any more which of them is wrong.
        if (rival == IClaims.ClaimStatus.FINAL) status = IClaims.ClaimStatus.VOIDED;
        else if (rival != IClaims.ClaimStatus.VOIDED) status = rival;
    }

    /// @inheritdoc IVerdicts
    function phaseOf(uint64 runId, uint32 round) public view returns (Phase) {
        return _phaseOf(runId, round, IRuns(runs).auditOf(runId, round));
    }

    /// @inheritdoc IVerdicts
    function onDutyOf(uint64 runId, uint32 round) external view returns (MemberSet) {
        MemberSet kept = _onDuty[runId][round];
        return kept.isEmpty() ? _dutiesOf(runId, round, IRuns(runs).auditOf(runId, round)) : kept.without(NOBODY);
    }

    /// @inheritdoc IVerdicts
    function validatorsOf(ClaimId work) external view returns (MemberSet drawn, MemberSet standIns) {
        IRuns.Audit memory audit = IRuns(runs).auditOf(work.runOf(), work.roundOf());
        (bool isDrawn, ) = audit.beacon == bytes32(0) ? (false, 0) : _drawOf(work);
        if (isDrawn) (drawn, standIns) = _validatorsOf(work, audit);
    }

    /// @inheritdoc IVerdicts
    function verdictClaimId(ClaimId work, uint32 validatorSeat) external view returns (ClaimId) {
        (uint64 runId, uint32 round) = (work.runOf(), work.roundOf());
        uint8 validator = IRuns(runs).seatOf(runId, validatorSeat).index;
        return _verdictId(runId, round, validator, IRuns(runs).seatOf(runId, work.numberOf()).index);
    }

    /// @dev Keeps what the first verdict on a claim says. There are two at most; when they differ, the first is told, too.
    function _compare(
        Verdict calldata verdict,
        uint8 validator,
        uint8 miner
    ) private returns (bool isContested, uint8 rival) {
        uint248 finding = uint248(uint256(keccak256(abi.encode(verdict.before, verdict.trace))));
        First memory first = _firsts[verdict.work];
        if (first.finding == 0) _firsts[verdict.work] = First(finding, validator);
        if (first.finding == 0 || first.finding == finding) return (false, 0);
        rival = first.validator;
        ClaimId other = _verdictId(verdict.work.runOf(), verdict.work.roundOf(), rival, miner);
        (_revealed[other].isContested, _revealed[other].rival) = (true, validator);
        isContested = true;
    }

    /// @dev Of the members with these indices.
    function _verdictId(uint64 runId, uint32 round, uint8 validator, uint8 miner) private pure returns (ClaimId) {
        return claimId(ClaimKind.VERDICT, runId, round, (uint32(validator) << 8) | miner);
    }

    function _phaseOf(uint64 runId, uint32 round, IRuns.Audit memory audit) private view returns (Phase) {
        if (!audit.isOpen) return Phase.NONE;
        MemberSet onDuty = _onDuty[runId][round];
        bool isComplete = !onDuty.isEmpty() && onDuty.without(NOBODY).isWithin(sealersOf[runId][round]);
        Duration half = _termsOf(runId).auditWindow.halfDown();
        Instant halfway = audit.deadline.minus(half);
        if (isComplete || now_().isAtOrAfter(halfway)) return Phase.REVEALING;
        return now_().isAtOrAfter(halfway.minus(half.halfDown())) ? Phase.STANDING_IN : Phase.SEALING;
    }

    /// @dev Keeps who is on duty when the first validator comes.
    function _drawDuties(uint64 runId, uint32 round, IRuns.Audit memory audit) private returns (MemberSet onDuty) {
        MemberSet kept = _onDuty[runId][round];
        if (!kept.isEmpty()) return kept.without(NOBODY);
        onDuty = _dutiesOf(runId, round, audit);
        _onDuty[runId][round] = onDuty.with(NOBODY);
    }

    /// @dev Looks at the committed miners, at most, until every validator has a duty.
    function _dutiesOf(uint64 runId, uint32 round, IRuns.Audit memory audit) private view returns (MemberSet onDuty) {
        MemberSet left = audit.committed;
        while (!left.isEmpty() && !onDuty.equals(audit.validators)) {
            uint8 index = left.indexAt(0);
            left = left.without(index);
            uint32 seat = IRuns(runs).seatAt(runId, index);
            (bool isDrawn, ) = IRuns(runs).drawn(runId, round, seat);
            if (!isDrawn) continue;
            onDuty = onDuty.unite(_drawnFor(claimId(ClaimKind.WORK, runId, round, seat), audit));
        }
    }

    /// @dev Of a drawn claim. Those who stand in are final once sealing is over: then nobody comes too late to be absent.
    function _validatorsOf(
        ClaimId work,
        IRuns.Audit memory audit
    ) private view returns (MemberSet drawn, MemberSet standIns) {
        drawn = _drawnFor(work, audit);
        MemberSet present = sealersOf[work.runOf()][work.roundOf()];
        uint256 absent = drawn.minus(present).count();
        if (absent != 0) standIns = drawCommittee(present.minus(drawn), absent, _seedOf("stand-in", work, audit));
    }

    function _drawnFor(ClaimId work, IRuns.Audit memory audit) private pure returns (MemberSet) {
        return drawCommittee(audit.validators, VALIDATORS_PER_CLAIM, _seedOf("duty", work, audit));
    }

    function _seedOf(string memory what, ClaimId work, IRuns.Audit memory audit) private pure returns (bytes32) {
        return keccak256(abi.encode("swarmlock/verdicts", what, audit.beacon, work));
    }

    function _termsOf(uint64 runId) private view returns (Terms memory terms) {
        terms = _terms[runId];
        if (terms.challengeBond != 0) return terms;
        RunParameters memory parameters = IRuns(runs).parametersOf(runId);
        return Terms(parameters.auditWindow, parameters.challengeWindow, parameters.challengeBond);
    }
}
