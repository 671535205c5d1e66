// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOwnership} from "../../own/IOwnership.sol";
import {IRuns} from "../../run/IRuns.sol";
import {IReceipts} from "../../serve/IReceipts.sol";
import {ClaimId, ClaimKind, claimId} from "../../types/ClaimId.sol";
import {MemberSet} from "../../types/MemberSet.sol";
import {Root} from "../../types/Root.sol";
import {IClaims} from "../IClaims.sol";
import {IGame} from "../IGame.sol";
import {Openings} from "../referee/Openings.sol";
import {IVerdicts} from "../IVerdicts.sol";
import {RunPrograms} from "../RunPrograms.sol";
import {Draws} from "./Draws.sol";
import {IRules} from "./IRules.sol";
import {Walk} from "./Walk.sol";

/// @title What was claimed, as the first position of a game.
/// @dev A claim is kept as a hash; the challenger brings what was hashed.
abstract contract Cases is Walk {
    /// @dev Levels of the tree over the outer steps of 0 to 255 members.
    uint256 private constant AGGREGATES_DEPTH = 8;

    /// @dev What `Position.second` holds in a game about a start.
    bytes32 private constant MAY_BE_ZERO = bytes32(uint256(1));
    bytes32 private constant MAY_GO_ON = bytes32(uint256(2));

    /// @inheritdoc IRules
    function openOnWork(
        IGame.Opening calldata opening,
        IRuns.Commitment calldata commitment,
        RunPrograms calldata programs
    ) external view returns (Outcome memory outcome) {
        _requirePrograms(opening.id, programs);
        _requireWork(opening.id, commitment);
        IGame.Position memory next = outcome.next;
        next.subject = opening.subject;
        if (opening.subject == IGame.Subject.START) {
            next.stage = IGame.Stage.START;
            next.start = Root.unwrap(commitment.startRoot);
            next.second = _localState(opening.id);
        } else if (opening.subject == IGame.Subject.SIZE) {
            return _decided(commitment.payloadBytes > programs.payloadBytes, "size");
        } else if (opening.subject == IGame.Subject.SEGMENT) {
            next.program = programs.training;
            (next.first, next.end, next.start) = _segment(commitment, programs, opening.segment);
            next.finish = commitment.segmentRoots[opening.segment];
            if (next.first == next.end) return _decided(next.start != next.finish, "before");
            _setMarks(next, opening.marks);
        } else {
            require(opening.subject == IGame.Subject.PAYLOAD, WrongSubject(opening.subject));
            next.stage = IGame.Stage.INVOKE;
            next.end = 1;
            next.program = programs.payload;
            next.start = Root.unwrap(commitment.parent);
            next.second = commitment.segmentRoots[commitment.segmentRoots.length - 1];
            next.marks = _zeroBefore(commitment, programs);
            next.finish = Root.unwrap(commitment.payloadRoot);
        }
    }

    /// @inheritdoc IRules
    function openOnAggregate(
        IGame.Opening calldata opening,
        IGame.AggregateClaim calldata claim,
        RunPrograms calldata programs,
        Root program,
        bytes32[] calldata proof
    ) external view returns (Outcome memory outcome) {
        _requirePrograms(opening.id, programs);
        _requireClaim(opening.id, ClaimKind.AGGREGATE, keccak256(abi.encode(claim)));
        require(opening.subject == IGame.Subject.AGGREGATE, WrongSubject(opening.subject));
        // INVARIANT: the outer step is the one over as many members as are accepted.
        uint256 members = claim.accepted.count();
        _requireUnder(Root.unwrap(programs.aggregates), Root.unwrap(program), members, proof, AGGREGATES_DEPTH);

        IGame.Position memory next = outcome.next;
        next.subject = opening.subject;
        next.stage = IGame.Stage.INVOKE;
        next.end = 1;
        next.program = program;
        next.start = Root.unwrap(claim.parent);
        next.second = bytes32(MemberSet.unwrap(claim.accepted));
        next.finish = Root.unwrap(claim.nextRoot);
    }

    /// @inheritdoc IRules
    function openOnVerdict(
        IGame.Opening calldata opening,
        IVerdicts.Verdict calldata verdict,
        IRuns.Commitment calldata commitment,
        RunPrograms calldata programs
    ) external view returns (Outcome memory outcome) {
        _requirePrograms(opening.id, programs);
        _requireClaim(opening.id, ClaimKind.VERDICT, keccak256(abi.encode(verdict)));
        _requireWork(verdict.work, commitment);
        (uint32 first, uint32 end, bytes32 start) = _segment(commitment, programs, verdict.segment);

        IGame.Position memory next = outcome.next;
        next.subject = opening.subject;
        next.program = programs.training;
        if (opening.subject == IGame.Subject.BEFORE) {
            (next.first, next.end, next.start, next.finish) = (first, end - 1, start, verdict.before);
            if (next.first == next.end) return _decided(start != verdict.before, "before");
            _setMarks(next, opening.marks);
        } else {
            bool isLeaves = opening.subject == IGame.Subject.LEAVES;
            require(isLeaves || opening.subject == IGame.Subject.TRACE, WrongSubject(opening.subject));
            next.stage = IGame.Stage.INVOKE;
            (next.first, next.end, next.start, next.trace) = (end - 1, end, verdict.before, verdict.trace);
            if (isLeaves) (next.second, next.finish) = (Draws.seed(verdict.validator, verdict.work), verdict.leaves);
        }
    }

    /// @inheritdoc IRules
    function openOnToken(
        IGame.Opening calldata opening,
        IReceipts.Receipt calldata receipt,
        bytes calldata tokens,
        uint256 index,
        RunPrograms calldata programs
    ) external view returns (Outcome memory outcome) {
        _requirePrograms(opening.id, programs);
        require(opening.subject == IGame.Subject.TOKEN, WrongSubject(opening.subject));
        // INVARIANT: who announced a challenge knew what is wrong, so nobody takes it from whom it was learned from.
        bytes32 named = keccak256(abi.encode(receipt, index));
        require(opening.marks.length == 1, WrongMarks(opening.marks.length, 1));
        require(opening.marks[0] == named, MarksMismatch(opening.marks[0], named));

        IGame.Position memory next = outcome.next;
        next.subject = opening.subject;
        next.stage = IGame.Stage.INVOKE;
        next.end = 1;
        next.program = programs.continuation;
        IReceipts receipts = IReceipts(IClaims(IGame(msg.sender).claims()).receipts());
        (next.start, next.second, next.finish) = receipts.claimOf(opening.id, receipt, tokens, index, programs.context);
    }

    /// @inheritdoc IRules
    function answerStart(
        ClaimId id,
        address,
        IGame.Position calldata position,
        IRuns.Commitment calldata commitment,
        bytes32 first,
        bytes32 rest,
        IRuns.Commitment calldata before,
        bytes32 beforeParameters,
        RunPrograms calldata programs
    ) external view returns (Outcome memory) {
        _requireStage(position, IGame.Stage.START);
        _requirePrograms(id, programs);
        _requireWork(id, commitment);
        bytes32 start = _trainingRoot(Root.unwrap(commitment.parent), first, rest);
        // INVARIANT: a round starts from the parameters of its parent.
        require(start == position.start, NotTheStart(start, position.start));
        // INVARIANT: local state goes on from the round before, or is zero, as the rules say and never as the miner likes.
        bool isZero = first == programs.zeroFirst && rest == programs.zeroRest;
        bool isRight = isZero && position.second & MAY_BE_ZERO != 0;
        if (!isRight && position.second & MAY_GO_ON != 0) {
            _requireWork(claimId(ClaimKind.WORK, id.runOf(), id.roundOf() - 1, id.numberOf()), before);
            bytes32 end = before.segmentRoots[before.segmentRoots.length - 1];
            isRight = _trainingRoot(beforeParameters, first, rest) == end;
        }
        require(isRight, WrongLocalState(first, rest));

        return Outcome(Ending.UPHELD, "start", _none());
    }

    /// @dev Where the local state of a round may come from: it goes on from the round before in the same epoch if that was
    /// accepted. If that claim is void, it may have become so before or after this one was made: both are right.
    /// INVARIANT: this is settled when a game opens: a miner cannot have its round before voided to turn a lost game.
    function _localState(ClaimId id) private view returns (bytes32 flags) {
        IRuns runs = _runs();
        uint64 runId = id.runOf();
        uint32 before = id.roundOf() - 1;
        // Rounds of miners count from 1.
        if (before % runs.parametersOf(runId).epochRounds == 0) return MAY_BE_ZERO;
        IOwnership ownership = IOwnership(runs.ownership());
        IOwnership.Earning memory earning = ownership.earningOf(runId, before, id.numberOf());
        if (!earning.isAccepted) return MAY_BE_ZERO;
        return earning.isVoided ? MAY_BE_ZERO | MAY_GO_ON : MAY_GO_ON;
    }

    /// @dev The payload before that of a round which starts from zero; zero when it is the claimed one of the round before.
    /// INVARIANT: error feedback goes on where the local state does. Which of them is right is for a game about the start.
    function _zeroBefore(
        IRuns.Commitment calldata commitment,
        RunPrograms calldata programs
    ) private view returns (bytes32) {
        bytes32 zero = _trainingRoot(Root.unwrap(commitment.parent), programs.zeroFirst, programs.zeroRest);
        return Root.unwrap(commitment.startRoot) == zero ? programs.zeroPayload : bytes32(0);
    }

    /// @dev The steps of a segment, and the state that it starts from.
    function _segment(
        IRuns.Commitment calldata commitment,
        RunPrograms calldata programs,
        uint256 segment
    ) private pure returns (uint32 first, uint32 end, bytes32 start) {
        uint256 segments = commitment.segmentRoots.length;
        require(segment < segments, NoSuchSegment(segment, segments));
        first = uint32(segment) * programs.segmentSteps;
        end = first + programs.segmentSteps;
        start = segment == 0 ? Root.unwrap(commitment.startRoot) : commitment.segmentRoots[segment - 1];
    }

    /// @dev A training state: parameters and first moments, then the rest.
    function _trainingRoot(bytes32 parameters, bytes32 first, bytes32 rest) private view returns (bytes32) {
        return Openings.hashNode(Openings.hashNode(parameters, first), rest);
    }

    /// @dev What needs no moves.
    function _decided(bool isWrong, bytes32 reason) private pure returns (Outcome memory) {
        // INVARIANT: what is right is not challenged: the challenger would lose its bond for nothing.
        require(isWrong, NothingDisputed());
        return Outcome(Ending.VOIDED, reason, _none());
    }

    function _none() internal pure returns (IGame.Position memory) {}

    function _requireWork(ClaimId id, IRuns.Commitment calldata commitment) internal view {
        address owner = _runs().seatOf(id.runOf(), id.numberOf()).owner;
        _requireClaim(id, ClaimKind.WORK, keccak256(abi.encode(owner, commitment)));
    }

    function _requirePrograms(ClaimId id, RunPrograms calldata programs) internal view {
        bytes32 given = keccak256(abi.encode(programs));
        bytes32 posted = Root.unwrap(_runs().programsRootOf(id.runOf()));
        // INVARIANT: a run computes what its creator has bound, and nothing else.
        require(given == posted, NotThePrograms(given, posted));
    }

    function _runs() internal view returns (IRuns) {
        return IRuns(IGame(msg.sender).runs());
    }

    function _requireClaim(ClaimId id, ClaimKind kind, bytes32 given) private view {
        bytes32 posted = IClaims(IGame(msg.sender).claims()).wordOf(id);
        // INVARIANT: a game is about what was claimed.
        require(id.kind() == kind && given == posted, NotTheClaim(id, given, posted));
    }
}
