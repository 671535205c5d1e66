// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRuns} from "../../run/IRuns.sol";
import {IReceipts} from "../../serve/IReceipts.sol";
import {ClaimId} from "../../types/ClaimId.sol";
import {Root} from "../../types/Root.sol";
import {IGame} from "../IGame.sol";
import {IReferee} from "../referee/IReferee.sol";
import {IVerdicts} from "../IVerdicts.sol";
import {RunPrograms} from "../RunPrograms.sol";

/// @title The rules of the game: what a move leads to.
/// @notice Stateless. The functions are those of {IGame}, which has their manual, with the same names and arguments: the
/// game passes each move on as it came, and keeps what comes back. It looks after turns, clocks and money alone. The
/// caller is the game: its runs, claims and verdicts are read.
interface IRules {
    /// @dev What a move does to the game.
    enum Ending {
        NONE, // it goes on
        VOIDED, // the claim is wrong
        UPHELD // the challenge is
    }

    /// @param ending whether the game goes on
    /// @param reason why it does not, as {IGame-GameEnded} has it
    /// @param next where it goes on; empty when it does not
    struct Outcome {
        Ending ending;
        bytes32 reason;
        IGame.Position next;
    }

    error WrongStage(IGame.Stage stage, IGame.Stage expected);
    /// @notice This cannot be said of such a claim.
    error WrongSubject(IGame.Subject subject);
    /// @notice What is shown is not what was claimed.
    error NotTheClaim(ClaimId id, bytes32 given, bytes32 posted);
    error NotThePrograms(bytes32 given, bytes32 posted);
    error NoSuchSegment(uint256 segment, uint256 segments);
    /// @notice The claim is right in this.
    error NothingDisputed();
    error WrongMarks(uint256 given, uint256 expected);
    /// @notice These are not the challenger's marks.
    error MarksMismatch(bytes32 given, bytes32 expected);
    error NoSuchPart(uint256 part, uint256 parts);
    /// @notice Taking a part is standing by another end of it than the challenger's; of the last part by the span's end.
    error WrongFinish(bytes32 finish, bytes32 mark);
    /// @notice The groups do not lead to the root in which the round starts.
    error NotTheStart(bytes32 given, bytes32 expected);
    /// @notice The rules give this round another local state to start from.
    error WrongLocalState(bytes32 first, bytes32 rest);
    error WrongProofLength(uint256 given, uint256 expected);
    error NotUnderRoot(bytes32 given, bytes32 expected);
    /// @notice A node is picked with its descriptor, and nothing else is.
    error WrongHeight(uint8 height);
    error WrongChildren(uint256 given, uint256 expected);
    error NoSuchChild(uint256 child, uint256 children);
    error TraceNotClaimed(bytes32 given, bytes32 claimed);
    error NotTheDescriptor(bytes32 given, bytes32 expected);
    error WrongLeafLength(uint256 given, uint256 expected);
    error NoSuchElement(uint256 element, uint256 elements);
    /// @notice The operand of an aggregate is the payload of the member of this rank among the accepted; that of a payload
    /// the claimant's own of the round before.
    error WrongSource(uint256 operand, uint32 seat);
    error WrongSources(uint256 given, uint256 expected);
    /// @notice The final check would not fit into the gas that is left.
    error NotEnoughGas(uint256 left, uint256 needed);

    function openOnWork(
        IGame.Opening calldata opening,
        IRuns.Commitment calldata commitment,
        RunPrograms calldata programs
    ) external view returns (Outcome memory);

    function openOnAggregate(
        IGame.Opening calldata opening,
        IGame.AggregateClaim calldata claim,
        RunPrograms calldata programs,
        Root program,
        bytes32[] calldata proof
    ) external view returns (Outcome memory);

    function openOnVerdict(
        IGame.Opening calldata opening,
        IVerdicts.Verdict calldata verdict,
        IRuns.Commitment calldata commitment,
        RunPrograms calldata programs
    ) external view returns (Outcome memory);

    function openOnToken(
        IGame.Opening calldata opening,
        IReceipts.Receipt calldata receipt,
        bytes calldata tokens,
        uint256 index,
        RunPrograms calldata programs
    ) external view returns (Outcome memory);

    function answerStart(
        ClaimId id,
        address challenger,
        IGame.Position calldata position,
        IRuns.Commitment calldata commitment,
        bytes32 first,
        bytes32 rest,
        IRuns.Commitment calldata before,
        bytes32 beforeParameters,
        RunPrograms calldata programs
    ) external view returns (Outcome memory);

    function answerMarks(
        ClaimId id,
        address challenger,
        IGame.Position calldata position,
        bytes32[] calldata marks,
        uint256 part,
        bytes32 finish,
        IGame.Trace calldata trace
    ) external view returns (Outcome memory);

    function mark(
        ClaimId id,
        address challenger,
        IGame.Position calldata position,
        bytes32[] calldata marks
    ) external view returns (Outcome memory);

    function answerTrace(
        ClaimId id,
        address challenger,
        IGame.Position calldata position,
        IGame.Trace calldata trace
    ) external view returns (Outcome memory);

    function split(
        ClaimId id,
        address challenger,
        IGame.Position calldata position,
        bytes32[] calldata children
    ) external view returns (Outcome memory);

    function pick(
        ClaimId id,
        address challenger,
        IGame.Position calldata position,
        uint256 child,
        bytes32 root,
        bytes32[] calldata siblings
    ) external view returns (Outcome memory);

    function pickNode(
        ClaimId id,
        address challenger,
        IGame.Position calldata position,
        uint256 child,
        bytes32 root,
        bytes32[] calldata siblings,
        bytes calldata descriptor,
        bytes32[] calldata descriptorProof
    ) external view returns (Outcome memory);

    function openTensor(
        ClaimId id,
        address challenger,
        IGame.Position calldata position,
        bytes calldata descriptor,
        bytes32 tree,
        bytes32[] calldata children
    ) external view returns (Outcome memory);

    function openLeaf(
        ClaimId id,
        address challenger,
        IGame.Position calldata position,
        bytes calldata descriptor,
        bytes calldata data
    ) external view returns (Outcome memory);

    function openDrawn(
        ClaimId id,
        address challenger,
        IGame.Position calldata position,
        bytes calldata descriptor,
        bytes32[] calldata leafProof,
        bytes32[] calldata nodeProof
    ) external view returns (Outcome memory);

    function prove(
        ClaimId id,
        address challenger,
        IGame.Position calldata position,
        bytes calldata descriptor,
        bytes calldata data,
        uint256 element,
        IReferee.Evidence calldata evidence,
        IGame.Source[] calldata sources,
        RunPrograms calldata programs
    ) external view returns (Outcome memory);

    function referee() external view returns (address);
}
