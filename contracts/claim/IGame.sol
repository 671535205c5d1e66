// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRuns} from "../run/IRuns.sol";
import {IReceipts} from "../serve/IReceipts.sol";
import {ClaimId} from "../types/ClaimId.sol";
import {MemberSet} from "../types/MemberSet.sol";
import {Root} from "../types/Root.sol";
import {Duration, Instant} from "../types/Time.sol";
import {IReferee} from "./referee/IReferee.sol";
import {IVerdicts} from "./IVerdicts.sol";
import {RunPrograms} from "./RunPrograms.sol";

/// @title The game: one challenge of one claim, played down to one tensor element.
/// @notice A challenge is announced (commit) and opened (reveal). Then claimant and challenger move in turn:
///
///     subject     what the challenger says is wrong                         answered by
///     START       the state in which a round starts                         answerStart: shows it; ends the game
///     SIZE        a payload larger than any may be                          nobody: decided when opened
///     SEGMENT     the inner steps of a segment                              answerMarks; of one step answerTrace
///     PAYLOAD     the payload: the pseudo-gradient, compressed              answerTrace
///     AGGREGATE   the next global state                                     answerTrace
///     BEFORE      the state before a verdict's last step                    as SEGMENT; nobody when it is the first step
///     TRACE       the trace of a verdict's last step                        answerTrace
///     LEAVES      the drawn leaves of a verdict, its trace being right      answerTrace: with the list of them
///     TOKEN       one token that a receipt says was answered                answerTrace
///
///     stage       to move      with
///     START       claimant     answerStart
///     MARKS       claimant     answerMarks: takes one part of the span, both ends of which are now fixed; for a part
///                              of one step, with its trace
///     MARK        challenger   mark: its own state roots inside a part of more than one step
///     INVOKE      claimant     answerTrace
///     NODES       claimant     split      CHOOSE_NODES   challenger   pick, pickNode at the bottom
///     TENSOR      claimant     openTensor
///     CHUNKS      claimant     split      CHOOSE_CHUNKS  challenger   pick
///     LEAF        claimant     openLeaf
///     PROVE       challenger   prove: the referee decides
///     CHOOSE_LEAF challenger   pickNode: one of the listed leaves, and the node that was drawn for it
///     DRAWN       claimant     openDrawn: shows the listed leaf in its trace; ends the game
///
/// Moves that bind nothing yet (marks, parts, traces, picks, the final element) come only from the side whose turn it
/// is: its principal or the node key of it. Openings of what is already fixed come from anyone. The position is kept as a
/// hash: every move brings the position it answers, so none can land on another one. Each side has a clock that
/// runs in its turns; when it runs out, anyone may end the game with `timeOut`. Every demand brings twice the gas of its
/// answer in the native coin, paid to whoever answers.
///
/// Why an honest claimant never loses: whatever is legally demanded of it, it has (its states, its traces, its tensors), and
/// every root it is held to is its own. It takes the first part whose mark differs from its own state, or else the last.
/// Why an honest challenger of a wrong claim never loses: what the claimant takes starts at the challenger's own mark and
/// ends elsewhere than the challenger's; so the trace differs somewhere, at the leftmost difference all operands are
/// known, and there an element differs, or cannot be encoded, or stands where padding must be, or cannot be shown. Of a list of
/// drawn leaves, the first one that differs from its own does not lie in the trace that both sides have.
/// A third party can only show what is fixed already, which is what the claimant has to do anyway.
interface IGame {
    enum Subject {
        START,
        SIZE,
        SEGMENT,
        PAYLOAD,
        AGGREGATE,
        BEFORE,
        TRACE,
        LEAVES,
        TOKEN
    }

    enum Stage {
        NONE,
        START,
        MARKS,
        MARK,
        INVOKE,
        NODES,
        CHOOSE_NODES,
        TENSOR,
        CHUNKS,
        CHOOSE_CHUNKS,
        LEAF,
        PROVE,
        CHOOSE_LEAF,
        DRAWN
    }

    /// @notice Where a game stands: all that later moves need. The contract keeps its hash, and the clocks.
    /// @param subject what is disputed
    /// @param stage whose turn it is, and for which move
    /// @param first first inner step of the span in dispute, counted in the round; 0 outside training
    /// @param end the step after its last; 1 outside training
    /// @param program root of the program
    /// @param start root of the first input state, agreed: of the span's start, or the parent
    /// @param second PAYLOAD: root of the second input state (the end of the round, whose first group is the parameters);
    /// AGGREGATE: the accepted set; START: what local state the rules allow, settled when the game opens (1: zero, 2: going on
    /// from the round before, 3: either); LEAVES: the seed of {Draws}; TOKEN: root of the request; else zero
    /// @param finish root of the output state that the claimant stands by; zero for the trace of a verdict; LEAVES: root
    /// over the listed leaves; TOKEN: root of the token, which is the first tensor of the output
    /// @param marks in stage MARKS keccak256(abi.encodePacked(the challenger's state roots inside the span)); PAYLOAD: root of
    /// the third input state (the payload before, which holds the error feedback) if that is the one of zeros; else zero
    /// @param trace trace root of the one invocation that is left; zero before it is given
    /// @param places of the tree in which the walk stands, before padding to a power of two: nodes of the trace, from stage
    /// TENSOR on leaves of the tensor, but for LEAVES
    /// @param subtree root of the subtree in which the walk stands; in stage TENSOR a tensor root, in LEAF, PROVE and
    /// DRAWN the hash of a leaf; in CHOOSE_LEAF the root over the listed ones
    /// @param height levels below it; in stage TENSOR those of the tensor's tree
    /// @param index of the subtree among those of its height; in DRAWN of the leaf in its tensor
    /// @param node the node whose result is walked, from stage TENSOR on
    /// @param descriptor leaf hash of its descriptor, from stage TENSOR on
    struct Position {
        Subject subject;
        Stage stage;
        uint32 first;
        uint32 end;
        Root program;
        bytes32 start;
        bytes32 second;
        bytes32 finish;
        bytes32 marks;
        bytes32 trace;
        uint64 places;
        bytes32 subtree;
        uint8 height;
        uint64 index;
        uint32 node;
        bytes32 descriptor;
    }

    /// @notice What the contract keeps of a game.
    /// @param position keccak256(abi.encode(Position)); zero when there is no game (any more)
    /// @param movedAt when the last move was made
    /// @param claimantLeft seconds on the claimant's clock at that moment
    /// @param challengerLeft seconds on the challenger's
    /// @param claimantMoves whose turn it is
    /// @param moves so far, announcement and opening included
    /// @param escrow native coin that waits for the answer
    struct Game {
        bytes32 position;
        Instant movedAt;
        Duration claimantLeft;
        Duration challengerLeft;
        bool claimantMoves;
        uint8 moves;
        uint96 escrow;
    }

    /// @notice How a challenge opens. Announced as `keccak256(abi.encode(challenger, word, opening))`.
    /// @param id of the claim
    /// @param subject what is wrong
    /// @param segment SEGMENT: which; else 0
    /// @param marks SEGMENT and BEFORE: the challenger's state roots inside the span, as `marksOf` counts them; TOKEN:
    /// `keccak256(abi.encode(receipt, index))` alone, so that it is announced which token is wrong; else empty
    /// @param salt hides the rest until it is revealed
    struct Opening {
        ClaimId id;
        Subject subject;
        uint8 segment;
        bytes32[] marks;
        bytes32 salt;
    }

    /// @notice The preimage of an aggregate claim's word.
    struct AggregateClaim {
        address claimant;
        Root parent;
        MemberSet accepted;
        Root nextRoot;
    }

    /// @notice The trace of one invocation, and its first levels.
    /// @param root of the trace
    /// @param nodes places of the trace; with the next three the program's header leaf
    /// @param outputStart first output node
    /// @param constants how many
    /// @param inputs how many input states
    /// @param headerProof from the header leaf to the program root
    /// @param outputProof from the subtree of the outputs, TOKEN: from the first of them, to the trace root; empty for the trace
    /// of a verdict
    /// @param children the first levels, as `split` gives them; LEAVES: the listed leaves
    struct Trace {
        bytes32 root;
        uint32 nodes;
        uint32 outputStart;
        uint32 constants;
        uint32 inputs;
        bytes32[] headerProof;
        bytes32[] outputProof;
        bytes32[] children;
    }

    /// @notice Where an operand comes from that is read from a payload: the claim which binds it.
    struct Source {
        uint32 seat;
        IRuns.Commitment commitment;
    }

    error AlreadyAnnounced(address challenger, bytes32 secret, uint256 height);
    /// @notice What opens a game was announced in an earlier block, by the same challenger, for the claim as it stands.
    error NotAnnounced(address challenger, bytes32 secret, uint256 height);
    /// @notice There is no such game, or it stands elsewhere.
    error PositionMismatch(bytes32 given, bytes32 stands);
    /// @notice The move belongs to the other side, or to no third party.
    error NotYourMove(address mover, address expected);
    error OutOfTime(Duration left, uint256 elapsed);
    error TimeLeft(Duration left, uint256 elapsed);
    /// @notice The claim has lost another game: this one can only be abandoned.
    error ClaimVoided(ClaimId id);
    error ClaimNotVoided(ClaimId id);
    error FeeTooLow(uint256 given, uint256 needed);
    /// @notice Another trace of this invocation was given in a game on the same claim.
    error TraceMismatch(bytes32 given, bytes32 recorded);
    error NoGame(ClaimId id, address challenger);
    error NothingOwed(address account);
    error TransferFailed(address account, uint256 amount);
    /// @notice A clock without time decides every game for whoever moves second.
    error NoTime();

    event Announced(address indexed challenger, bytes32 indexed secret);
    event GameOpened(ClaimId indexed id, address indexed challenger, address indexed claimant, Opening opening);
    /// @notice What a game on a pledge is about; before its `Moved`.
    event TokenNamed(
        ClaimId indexed id,
        address indexed challenger,
        IReceipts.Receipt receipt,
        bytes tokens,
        uint256 index
    );
    /// @notice After every move that did not end the game: the new position.
    event Moved(ClaimId indexed id, address indexed challenger, address mover, uint8 moves, Position position);
    /// @notice What a move has brought that the other side has to see; before its `Moved`.
    event Marked(ClaimId indexed id, address indexed challenger, bytes32[] marks);
    event Split(ClaimId indexed id, address indexed challenger, bytes32[] children);
    event LeafOpened(ClaimId indexed id, address indexed challenger, bytes data);
    /// @param reason why, as a name of the rule: "element", "padding", "start", "size", "before", "clock",
    /// "encoding", "fault", "leaves", or "abandoned"
    event GameEnded(ClaimId indexed id, address indexed challenger, bool claimVoided, bytes32 reason);

    /// @notice Announces a challenge, so that nobody can take it from the one who opens it a block later.
    function announce(bytes32 secret) external;

    /// @notice Opens an announced challenge of a miner's round, for the caller's principal. Locks the challenge bond. Reverts in the block of the
    /// announcement. `msg.value` at least `feeOf` the answer.
    /// @param programs the preimage of the run's `programsRoot`
    function openOnWork(
        Opening calldata opening,
        IRuns.Commitment calldata commitment,
        RunPrograms calldata programs
    ) external payable;

    /// @notice Opens an announced challenge of an aggregate.
    /// @param program of the outer step over as many members as are accepted
    /// @param proof its path to `programs.aggregates`
    function openOnAggregate(
        Opening calldata opening,
        AggregateClaim calldata claim,
        RunPrograms calldata programs,
        Root program,
        bytes32[] calldata proof
    ) external payable;

    /// @notice Opens an announced challenge of a validator's verdict.
    /// @param commitment of the miner's claim that the verdict is about
    function openOnVerdict(
        Opening calldata opening,
        IVerdicts.Verdict calldata verdict,
        IRuns.Commitment calldata commitment,
        RunPrograms calldata programs
    ) external payable;

    /// @notice Opens an announced challenge of a gateway's pledge, by one token of a receipt of its.
    /// @param tokens of prompt and answer, one byte each
    /// @param index of the token in the answer, from 0
    function openOnToken(
        Opening calldata opening,
        IReceipts.Receipt calldata receipt,
        bytes calldata tokens,
        uint256 index,
        RunPrograms calldata programs
    ) external payable;

    /// @notice Shows the state in which a round starts: the parent's parameters, and the local state that the rules give.
    /// Anyone may.
    /// @param commitment of the claim in dispute
    /// @param first root of the group of first moments
    /// @param rest root of the node over the groups of second moments and scalars
    /// @param before the commitment of the round before, where the local state goes on from it; else empty
    /// @param beforeParameters root of the group of parameters at the end of the round before; else zero
    function answerStart(
        ClaimId id,
        address challenger,
        Position calldata position,
        IRuns.Commitment calldata commitment,
        bytes32 first,
        bytes32 rest,
        IRuns.Commitment calldata before,
        bytes32 beforeParameters,
        RunPrograms calldata programs
    ) external;

    /// @notice Takes one part of the marked span: the claimant agrees with its start (a mark, or the span's start) and
    /// stands by another end than the challenger's mark (`finish`; for the last part the span's own). For a part of one
    /// step, with its trace; else the trace is ignored.
    function answerMarks(
        ClaimId id,
        address challenger,
        Position calldata position,
        bytes32[] calldata marks,
        uint256 part,
        bytes32 finish,
        Trace calldata trace
    ) external;

    /// @notice Marks a part of more than one step, as `marksOf` counts.
    function mark(
        ClaimId id,
        address challenger,
        Position calldata position,
        bytes32[] calldata marks
    ) external payable;

    /// @notice Gives the trace of an invocation. The claimant, or anyone when it is fixed already: by the claim (TRACE,
    /// LEAVES), or
    /// because it was given in another game on the claim.
    function answerTrace(ClaimId id, address challenger, Position calldata position, Trace calldata trace) external;

    /// @notice Opens the next levels below the subtree: `2 ** levelsOf(height)` roots. Anyone may.
    function split(ClaimId id, address challenger, Position calldata position, bytes32[] calldata children) external;

    /// @notice Goes into child `child` of the opened levels; `siblings` lead from it to the subtree.
    /// At the bottom of a tensor's tree a padding leaf ends the game: it must be EMPTY. So the challenger wins if it is not,
    /// and loses if it is.
    function pick(
        ClaimId id,
        address challenger,
        Position calldata position,
        uint256 child,
        bytes32 root,
        bytes32[] calldata siblings
    ) external payable;

    /// @notice The same at the bottom of the trace: chooses a node and shows its descriptor (empty bytes for padding, whose
    /// leaf is EMPTY). Padding ends the game: its place in the trace must be EMPTY.
    /// Of a verdict's list, chooses a leaf and shows the descriptor of the node that is drawn for it; one drawn in the
    /// padding must be EMPTY.
    function pickNode(
        ClaimId id,
        address challenger,
        Position calldata position,
        uint256 child,
        bytes32 root,
        bytes32[] calldata siblings,
        bytes calldata descriptor,
        bytes32[] calldata descriptorProof
    ) external payable;

    /// @notice Shows the tree of the chosen node's tensor (type and shape are those of its descriptor, or the answer is
    /// refused) and its first levels; of a tensor of one leaf, that leaf. Anyone may.
    function openTensor(
        ClaimId id,
        address challenger,
        Position calldata position,
        bytes calldata descriptor,
        bytes32 tree,
        bytes32[] calldata children
    ) external;

    /// @notice Shows the chosen leaf, of the length it must have. Anyone may.
    function openLeaf(
        ClaimId id,
        address challenger,
        Position calldata position,
        bytes calldata descriptor,
        bytes calldata data
    ) external;

    /// @notice Shows that the chosen leaf of a verdict's list is the drawn one of its trace, and so ends the game. Anyone may.
    /// @param leafProof from the leaf to the root of the tensor's tree
    /// @param nodeProof from the tensor root to the trace root
    function openDrawn(
        ClaimId id,
        address challenger,
        Position calldata position,
        bytes calldata descriptor,
        bytes32[] calldata leafProof,
        bytes32[] calldata nodeProof
    ) external;

    /// @notice Names an element of the opened leaf that is wrong; the referee decides. An element whose encoding is not
    /// allowed (NaN, infinity, -0, -128, an index of 2^31 and more) loses without operands. So does the challenger if the
    /// element is right.
    /// @param element within the leaf, from 0
    /// @param sources for an aggregate: one for each operand that is read from a member's payload, in order. For a payload
    /// after a start that is not from zero: the claimant's of the round before, for each operand that is read from that one's
    function prove(
        ClaimId id,
        address challenger,
        Position calldata position,
        bytes calldata descriptor,
        bytes calldata data,
        uint256 element,
        IReferee.Evidence calldata evidence,
        Source[] calldata sources,
        RunPrograms calldata programs
    ) external;

    /// @notice Ends a game whose mover's clock has run out: the other side wins. Anyone may.
    function timeOut(ClaimId id, address challenger, Position calldata position) external;

    /// @notice Ends a game on a claim that another game has voided: bond and escrow go back. Anyone may.
    function abandon(ClaimId id, address challenger) external;

    /// @notice Sends the caller what it is owed in the native coin (escrows that nobody answered).
    function withdraw() external;

    function gameOf(ClaimId id, address challenger) external view returns (Game memory);

    /// @notice What a demand must bring now, in wei: twice the gas of its answer at the price of the call.
    /// @param stage that the demand leads to
    /// @param height of the subtree then
    function feeOf(Stage stage, uint8 height) external view returns (uint256);

    /// @notice Levels that one `split` opens below a subtree of this height: at most 7, the rounds as even as can be; none
    /// at height 0, where the subtree is its own only child.
    function levelsOf(uint8 height) external pure returns (uint8);

    /// @notice Marks inside a span of this many steps: the span is cut in at most 64 equal parts (the last may be shorter);
    /// a mark ends every part but the last.
    /// @return parts how many parts, `marks` is one less
    /// @return length steps of a part
    function marksOf(uint32 steps) external pure returns (uint32 parts, uint32 length);

    function owedTo(address account) external view returns (uint256);

    function stake() external view returns (address);

    function runs() external view returns (address);

    function claims() external view returns (address);

    function verdicts() external view returns (address);

    /// @notice Says what a move leads to; {IRules}.
    function rules() external view returns (address);

    /// @notice Says what an element must be; {IReferee}.
    function referee() external view returns (address);

    /// @notice Seconds that each side has for all of its moves in one game.
    function clock() external view returns (Duration);
}
