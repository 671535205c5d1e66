// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {IRuns} from "../run/IRuns.sol";
import {RunParameters} from "../run/RunParameters.sol";
import {servingSeatOf} from "../run/ServingSeat.sol";
import {IStakeManager} from "../stake/IStakeManager.sol";
import {ClaimId, ClaimKind, claimId} from "../types/ClaimId.sol";
import {MemberSet} from "../types/MemberSet.sol";
import {Duration, Instant, now_} from "../types/Time.sol";
import {IClaims} from "./IClaims.sol";
import {IClaimSource} from "./IClaimSource.sol";
import {IVerdicts} from "./IVerdicts.sol";

/// @title Verdicts
/// @notice The manual is {IVerdicts}.
contract Verdicts is IVerdicts, IClaimSource {
    /// @dev What a revealed verdict needs later, in one word. `seat` is the miner's.
    struct Revealed {
        address validator;
        Instant finalAt;
        uint32 seat;
    }

    /// @dev Of a run's parameters, which never change; kept in one word by the first seal, since all of them fill many.
    struct Terms {
        Duration auditWindow;
        Duration challengeWindow;
        uint128 challengeBond;
    }

    /// @inheritdoc IVerdicts
    mapping(uint64 runId => mapping(uint32 round => mapping(address validator => bytes32))) public sealOf;

    /// @inheritdoc IVerdicts
    mapping(uint64 runId => mapping(uint32 round => MemberSet)) public sealersOf;

    /// @inheritdoc IVerdicts
    mapping(uint64 runId => mapping(uint32 round => MemberSet)) public reportersOf;

    mapping(ClaimId id => Revealed) private _revealed;
    mapping(uint64 runId => Terms) private _terms;

    /// @inheritdoc IVerdicts
    address public immutable stake;

    /// @inheritdoc IVerdicts
    address public immutable claims;

    /// @inheritdoc IVerdicts
    address public immutable runs;

    constructor(address stake_, address claims_, address runs_) {
        stake = stake_;
        claims = claims_;
        runs = runs_;
    }

    /// @inheritdoc IVerdicts
    function seal(uint64 runId, uint32 round, bytes32 root) external {
        IRuns.Audit memory audit = IRuns(runs).auditOf(runId, round);
        // INVARIANT: nothing is sealed before the draw, nor once a verdict may be known.
        Phase phase = _phaseOf(runId, round, audit);
        require(phase == Phase.SEALING, NotSealing(runId, round, phase));
        (address validator, uint8 index) = servingSeatOf(runs, stake, runId, round);
        // INVARIANT: only those seal for whom the others wait.
        require(audit.validators.has(index), NotActiveValidator(runId, round, index));
        // INVARIANT: a validator seals once.
        MemberSet sealers = sealersOf[runId][round];
        require(!sealers.has(index), AlreadySealed(runId, round, validator));

        sealersOf[runId][round] = sealers.with(index);
        sealOf[runId][round][validator] = root;
        if (_terms[runId].challengeBond == 0) _terms[runId] = _termsOf(runId);

        emit VerdictsSealed(runId, round, validator, root);
    }

    /// @inheritdoc IVerdicts
    function reveal(Verdict calldata verdict, bytes32 salt, bytes32[] calldata proof) external {
        ClaimId work = verdict.work;
        (uint64 runId, uint32 round) = (work.runOf(), work.roundOf());
        address validator = verdict.validator;
        // INVARIANT: a verdict is known only when no other can be sealed any more.
        Phase phase = phaseOf(runId, round);
        require(phase == Phase.REVEALING, NotRevealing(runId, round, phase));
        // INVARIANT: only a validator's own key puts its bond at risk.
        address owner = IStakeManager(stake).ownerOf(msg.sender);
        require(owner == validator, NotOwnVerdict(owner, validator));
        // INVARIANT: what is revealed was sealed by this validator, with a salt that only it knew.
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(verdict, salt))));
        bytes32 root = sealOf[runId][round][validator];
        require(MerkleProof.verifyCalldata(proof, root, leaf), SealMismatch(runId, round, validator));
        // INVARIANT: a verdict is on the segment that the beacon has drawn, of a claim that a miner has made.
        require(_isDrawn(work, verdict.segment), NotDrawn(work, verdict.segment));
        // INVARIANT: nobody audits its own work.
        IRuns.Seat memory miner = IRuns(runs).seatOf(runId, work.numberOf());
        require(miner.owner != validator, OwnWork(work, validator));
        // INVARIANT: a validator has one verdict on a claim.
        ClaimId id = verdictClaimId(work, IRuns(runs).seatOfOwner(runId, validator));
        require(_revealed[id].validator == address(0), AlreadyRevealed(id));

        Terms memory terms = _terms[runId];
        _revealed[id] = Revealed(validator, now_().plus(terms.challengeWindow), work.numberOf());
        bytes32 word = keccak256(abi.encode(verdict));

        emit VerdictRevealed(runId, round, validator, id, word, verdict);

        IClaims(claims).post(id, word, validator, terms.challengeBond);
    }

    /// @inheritdoc IVerdicts
    function report(uint64 runId, uint32 round, MemberSet audited) external {
        IRuns.Audit memory audit = IRuns(runs).auditOf(runId, round);
        // INVARIANT: validators report between the beacon and the audit's end.
        require(audit.isOpen, NoAudit(runId, round));
        (address validator, uint8 index) = servingSeatOf(runs, stake, runId, round);
        require(audit.validators.has(index), NotActiveValidator(runId, round, index));
        // INVARIANT: a validator reports once.
        MemberSet reporters = reportersOf[runId][round];
        require(!reporters.has(index), AlreadyReported(runId, round, validator));

        reporters = reporters.with(index);
        reportersOf[runId][round] = reporters;
        bool isLast = reporters.equals(audit.validators);

        emit Reported(runId, round, validator, index, audited, isLast);

        if (isLast) IRuns(runs).conclude(runId, round);
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
    function phaseOf(uint64 runId, uint32 round) public view returns (Phase) {
        return _phaseOf(runId, round, IRuns(runs).auditOf(runId, round));
    }

    /// @inheritdoc IVerdicts
    function verdictClaimId(ClaimId work, uint32 validatorSeat) public view returns (ClaimId) {
        (uint64 runId, uint32 round) = (work.runOf(), work.roundOf());
        uint32 validator = IRuns(runs).seatOf(runId, validatorSeat).index;
        uint32 miner = IRuns(runs).seatOf(runId, work.numberOf()).index;
        return claimId(ClaimKind.VERDICT, runId, round, (validator << 8) | miner);
    }

    function _phaseOf(uint64 runId, uint32 round, IRuns.Audit memory audit) private view returns (Phase) {
        if (!audit.isOpen) return Phase.NONE;
        MemberSet awaited = audit.validators.minus(sealersOf[runId][round].unite(reportersOf[runId][round]));
        Instant halfway = audit.deadline.minus(_termsOf(runId).auditWindow.halfDown());
        bool isRevealing = awaited.isEmpty() || now_().isAtOrAfter(halfway);
        return isRevealing ? Phase.REVEALING : Phase.SEALING;
    }

    /// @dev Once the beacon is drawn.
    function _isDrawn(ClaimId work, uint8 segment) private view returns (bool) {
        if (work.kind() != ClaimKind.WORK || IClaims(claims).wordOf(work) == bytes32(0)) return false;
        (bool isDrawn, uint8 drawn) = IRuns(runs).drawn(work.runOf(), work.roundOf(), work.numberOf());
        return isDrawn && segment == drawn;
    }

    function _termsOf(uint64 runId) private view returns (Terms memory terms) {
        terms = _terms[runId];
        if (terms.challengeBond != 0) return terms;
        RunParameters memory parameters = IRuns(runs).parametersOf(runId);
        return Terms(parameters.auditWindow, parameters.challengeWindow, parameters.challengeBond);
    }
}
