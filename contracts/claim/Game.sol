// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IRuns} from "../run/IRuns.sol";
import {IReceipts} from "../serve/IReceipts.sol";
import {IStakeManager} from "../stake/IStakeManager.sol";
import {ClaimId} from "../types/ClaimId.sol";
import {Root} from "../types/Root.sol";
import {Duration, now_} from "../types/Time.sol";
import {Clock, startClock} from "./Clock.sol";
import {Cuts} from "./Cuts.sol";
import {IClaims} from "./IClaims.sol";
import {IGame} from "./IGame.sol";
import {IReferee} from "./referee/IReferee.sol";
import {ReplyGas} from "./ReplyGas.sol";
import {IRules} from "./rules/IRules.sol";
import {IVerdicts} from "./IVerdicts.sol";
import {RunPrograms} from "./RunPrograms.sol";

/// @title Game
/// @notice The manual is {IGame}. Here are turns, clocks, escrows and the verdict; what a move leads to is for {IRules}.
contract Game is IGame {
    /// @dev A game, in two words.
    struct Record {
        bytes32 position;
        Clock clock;
        uint8 moves;
        uint96 escrow;
    }

    mapping(ClaimId id => mapping(address challenger => Record)) private _records;

    /// @dev Trace roots once given, by `_invocationOf`.
    mapping(ClaimId id => mapping(bytes32 invocation => bytes32)) private _traces;

    /// @dev Height of the block of an announcement.
    mapping(address challenger => mapping(bytes32 secret => uint256)) private _announcedAt;

    /// @inheritdoc IGame
    mapping(address account => uint256) public owedTo;

    /// @inheritdoc IGame
    address public immutable stake;

    /// @inheritdoc IGame
    address public immutable claims;

    /// @inheritdoc IGame
    address public immutable runs;

    /// @inheritdoc IGame
    address public immutable verdicts;

    /// @inheritdoc IGame
    address public immutable rules;

    /// @inheritdoc IGame
    Duration public immutable clock;

    constructor(address stake_, address claims_, address runs_, address verdicts_, address rules_, Duration clock_) {
        require(Duration.unwrap(clock_) != 0, NoTime());

        stake = stake_;
        claims = claims_;
        runs = runs_;
        verdicts = verdicts_;
        rules = rules_;
        clock = clock_;
    }

    /// @inheritdoc IGame
    function announce(bytes32 secret) external {
        address challenger = _principal();
        uint256 height = _announcedAt[challenger][secret];
        require(height == 0, AlreadyAnnounced(challenger, secret, height));

        _announcedAt[challenger][secret] = block.number;

        emit Announced(challenger, secret);
    }

    /// @inheritdoc IGame
    function openOnWork(Opening calldata opening, IRuns.Commitment calldata, RunPrograms calldata) external payable {
        _open(opening);
    }

    /// @inheritdoc IGame
    function openOnAggregate(
        Opening calldata opening,
        AggregateClaim calldata,
        RunPrograms calldata,
        Root,
        bytes32[] calldata
    ) external payable {
        _open(opening);
    }

    /// @inheritdoc IGame
    function openOnVerdict(
        Opening calldata opening,
        IVerdicts.Verdict calldata,
        IRuns.Commitment calldata,
        RunPrograms calldata
    ) external payable {
        _open(opening);
    }

    /// @inheritdoc IGame
    function openOnToken(
        Opening calldata opening,
        IReceipts.Receipt calldata receipt,
        bytes calldata tokens,
        uint256 index,
        RunPrograms calldata
    ) external payable {
        emit TokenNamed(opening.id, _principal(), receipt, tokens, index);
        _open(opening);
    }

    /// @inheritdoc IGame
    function answerStart(
        ClaimId id,
        address challenger,
        Position calldata position,
        IRuns.Commitment calldata,
        bytes32,
        bytes32,
        IRuns.Commitment calldata,
        bytes32,
        RunPrograms calldata
    ) external {
        _proceed(id, challenger, _turn(id, challenger, position), _ruled());
    }

    /// @inheritdoc IGame
    function answerMarks(
        ClaimId id,
        address challenger,
        Position calldata position,
        bytes32[] calldata,
        uint256,
        bytes32,
        Trace calldata trace
    ) external {
        Record memory record = _turn(id, challenger, position);
        _requireMover(IClaims(claims).claimantOf(id));
        IRules.Outcome memory outcome = _ruled();

        if (outcome.next.trace != bytes32(0)) {
            _bindTrace(id, outcome.next);
            emit Split(id, challenger, trace.children);
        }
        _proceed(id, challenger, record, outcome);
    }

    /// @inheritdoc IGame
    function mark(
        ClaimId id,
        address challenger,
        Position calldata position,
        bytes32[] calldata marks
    ) external payable {
        Record memory record = _turn(id, challenger, position);
        _requireMover(challenger);

        emit Marked(id, challenger, marks);
        _proceed(id, challenger, record, _ruled());
    }

    /// @inheritdoc IGame
    function answerTrace(ClaimId id, address challenger, Position calldata position, Trace calldata trace) external {
        Record memory record = _turn(id, challenger, position);
        bytes32 given = position.trace;
        if (given == bytes32(0)) given = _traces[id][_invocationOf(position)];
        // INVARIANT: a third party can but repeat what the claimant has said.
        if (given != trace.root) _requireMover(IClaims(claims).claimantOf(id));
        IRules.Outcome memory outcome = _ruled();

        _bindTrace(id, outcome.next);
        emit Split(id, challenger, trace.children);
        _proceed(id, challenger, record, outcome);
    }

    /// @inheritdoc IGame
    function split(ClaimId id, address challenger, Position calldata position, bytes32[] calldata children) external {
        Record memory record = _turn(id, challenger, position);

        emit Split(id, challenger, children);
        _proceed(id, challenger, record, _ruled());
    }

    /// @inheritdoc IGame
    function pick(
        ClaimId id,
        address challenger,
        Position calldata position,
        uint256,
        bytes32,
        bytes32[] calldata
    ) external payable {
        Record memory record = _turn(id, challenger, position);
        _requireMover(challenger);

        _proceed(id, challenger, record, _ruled());
    }

    /// @inheritdoc IGame
    function pickNode(
        ClaimId id,
        address challenger,
        Position calldata position,
        uint256,
        bytes32,
        bytes32[] calldata,
        bytes calldata,
        bytes32[] calldata
    ) external payable {
        Record memory record = _turn(id, challenger, position);
        _requireMover(challenger);

        _proceed(id, challenger, record, _ruled());
    }

    /// @inheritdoc IGame
    function openTensor(
        ClaimId id,
        address challenger,
        Position calldata position,
        bytes calldata,
        bytes32,
        bytes32[] calldata children
    ) external {
        Record memory record = _turn(id, challenger, position);

        emit Split(id, challenger, children);
        _proceed(id, challenger, record, _ruled());
    }

    /// @inheritdoc IGame
    function openLeaf(
        ClaimId id,
        address challenger,
        Position calldata position,
        bytes calldata,
        bytes calldata data
    ) external {
        Record memory record = _turn(id, challenger, position);

        emit LeafOpened(id, challenger, data);
        _proceed(id, challenger, record, _ruled());
    }

    /// @inheritdoc IGame
    function openDrawn(
        ClaimId id,
        address challenger,
        Position calldata position,
        bytes calldata,
        bytes32[] calldata,
        bytes32[] calldata
    ) external {
        _proceed(id, challenger, _turn(id, challenger, position), _ruled());
    }

    /// @inheritdoc IGame
    function prove(
        ClaimId id,
        address challenger,
        Position calldata position,
        bytes calldata,
        bytes calldata,
        uint256,
        IReferee.Evidence calldata,
        Source[] calldata,
        RunPrograms calldata
    ) external {
        Record memory record = _turn(id, challenger, position);
        _requireMover(challenger);

        _proceed(id, challenger, record, _ruled());
    }

    /// @inheritdoc IGame
    function timeOut(ClaimId id, address challenger, Position calldata position) external {
        Record memory record = _standing(id, challenger, position);
        // INVARIANT: nobody is timed out while it may still move.
        require(record.clock.hasRunOut(now_()), TimeLeft(record.clock.left(), record.clock.elapsed(now_())));

        _end(id, challenger, record.clock.claimantMoves(), "clock", record.escrow);
    }

    /// @inheritdoc IGame
    function abandon(ClaimId id, address challenger) external {
        Record memory record = _records[id][challenger];
        require(record.position != bytes32(0), NoGame(id, challenger));
        // INVARIANT: a game ends with its own verdict as long as there is one to give.
        require(IClaims(claims).isVoided(id), ClaimNotVoided(id));

        _close(id, challenger, true, "abandoned", record.escrow);

        IClaims(claims).releaseChallenge(id, challenger);
    }

    /// @inheritdoc IGame
    function withdraw() external {
        uint256 amount = owedTo[msg.sender];
        require(amount != 0, NothingOwed(msg.sender));

        owedTo[msg.sender] = 0;

        (bool isSent, ) = msg.sender.call{value: amount}("");
        require(isSent, TransferFailed(msg.sender, amount));
    }

    /// @inheritdoc IGame
    function gameOf(ClaimId id, address challenger) external view returns (Game memory) {
        Record memory record = _records[id][challenger];
        Clock time = record.clock;
        return
            Game(
                record.position,
                time.movedAt(),
                time.claimantLeft(),
                time.challengerLeft(),
                time.claimantMoves(),
                record.moves,
                record.escrow
            );
    }

    /// @inheritdoc IGame
    function referee() external view returns (address) {
        return IRules(rules).referee();
    }

    /// @inheritdoc IGame
    function feeOf(Stage stage, uint8 height) public view returns (uint256) {
        return 2 * ReplyGas.most(stage, height) * Math.max(block.basefee, tx.gasprice);
    }

    /// @inheritdoc IGame
    function levelsOf(uint8 height) external pure returns (uint8) {
        return Cuts.levels(height);
    }

    /// @inheritdoc IGame
    function marksOf(uint32 steps) external pure returns (uint32 parts, uint32 length) {
        return Cuts.parts(steps);
    }

    function _open(Opening calldata opening) private {
        ClaimId id = opening.id;
        address challenger = _principal();
        bytes32 word = IClaims(claims).wordOf(id);
        bytes32 secret = keccak256(abi.encode(challenger, word, opening));
        uint256 height = _announcedAt[challenger][secret];
        // INVARIANT: nobody can copy a challenge that it first sees when it opens, nor can a re-org turn one against
        // another claim.
        require(height != 0 && height < block.number, NotAnnounced(challenger, secret, height));
        IRules.Outcome memory outcome = _ruled();

        // INVARIANT: an announcement opens once.
        delete _announcedAt[challenger][secret];

        emit GameOpened(id, challenger, IClaims(claims).claimantOf(id), opening);

        IClaims(claims).challenge(id, word, challenger);
        _proceed(id, challenger, Record(bytes32(0), startClock(clock, now_()), 1, 0), outcome);
    }

    /// @dev Passes the turn to the other side, or ends the game. What the answered demand brought goes to the caller.
    function _proceed(ClaimId id, address challenger, Record memory record, IRules.Outcome memory outcome) private {
        if (outcome.ending != IRules.Ending.NONE) {
            _end(id, challenger, outcome.ending == IRules.Ending.VOIDED, outcome.reason, msg.value);
        } else {
            Clock time = record.clock.pressed(now_());
            if (time.claimantMoves()) {
                // INVARIANT: whoever answers is paid for it, so that no claimant is made poor by being right.
                uint256 fee = feeOf(outcome.next.stage, outcome.next.height);
                require(msg.value >= fee, FeeTooLow(msg.value, fee));
            }
            uint8 moves = record.moves + 1;
            bytes32 position = keccak256(abi.encode(outcome.next));
            // There is no such amount of the native coin that 96 bits do not hold.
            _records[id][challenger] = Record(position, time, moves, uint96(msg.value));

            emit Moved(id, challenger, msg.sender, moves, outcome.next);
        }
        _reward(record.escrow);
    }

    /// @dev Ends a game with its verdict.
    function _end(ClaimId id, address challenger, bool isVoided, bytes32 reason, uint256 refund) private {
        _close(id, challenger, isVoided, reason, refund);

        // INVARIANT: a game gives one verdict: it is over, and its challenger can open no other on the claim.
        if (isVoided) IClaims(claims).void(id, challenger);
        else IClaims(claims).uphold(id, challenger);
    }

    function _close(ClaimId id, address challenger, bool isVoided, bytes32 reason, uint256 refund) private {
        delete _records[id][challenger];
        if (refund != 0) owedTo[challenger] += refund;

        emit GameEnded(id, challenger, isVoided, reason);
    }

    /// @dev Pays the caller at once; if it cannot take the coin now, it is owed.
    function _reward(uint256 amount) private {
        if (amount == 0) return;
        (bool isSent, ) = msg.sender.call{value: amount}("");
        if (!isSent) owedTo[msg.sender] += amount;
    }

    /// @dev INVARIANT: a claimant says one thing only about an invocation, in all games on its claim.
    function _bindTrace(ClaimId id, Position memory next) private {
        bytes32 invocation = _invocationOf(next);
        bytes32 recorded = _traces[id][invocation];
        require(recorded == bytes32(0) || recorded == next.trace, TraceMismatch(next.trace, recorded));
        if (recorded == bytes32(0)) _traces[id][invocation] = next.trace;
    }

    /// @dev Names an invocation among those that a claim is about: of most by what is traced, and its step; a pledge is about
    /// any state and request that were signed.
    function _invocationOf(Position memory position) private pure returns (bytes32) {
        if (position.subject != Subject.TOKEN) return bytes32((uint256(position.subject) << 32) | position.first);
        return keccak256(abi.encode(position.start, position.second, position.finish));
    }

    /// @dev The game that a move belongs to, if it may be made now.
    function _turn(ClaimId id, address challenger, Position calldata position) private view returns (Record memory) {
        Record memory record = _standing(id, challenger, position);
        // INVARIANT: nobody moves once its time is out: `timeOut` is sure.
        require(!record.clock.hasRunOut(now_()), OutOfTime(record.clock.left(), record.clock.elapsed(now_())));
        // INVARIANT: nobody pays or earns in a game that cannot be won any more.
        require(!IClaims(claims).isVoided(id), ClaimVoided(id));
        return record;
    }

    function _standing(
        ClaimId id,
        address challenger,
        Position calldata position
    ) private view returns (Record memory record) {
        record = _records[id][challenger];
        bytes32 given = keccak256(abi.encode(position));
        // INVARIANT: a move answers the position that its author saw.
        require(given == record.position, PositionMismatch(given, record.position));
    }

    function _requireMover(address side) private view {
        address mover = _principal();
        // INVARIANT: nobody speaks for a side but itself.
        require(mover == side, NotYourMove(mover, side));
    }

    function _principal() private view returns (address) {
        return IStakeManager(stake).principalOf(msg.sender);
    }

    /// @dev The rules have the functions of the game: they read this very call. A failure is passed on.
    function _ruled() private view returns (IRules.Outcome memory) {
        return abi.decode(Address.functionStaticCall(rules, msg.data), (IRules.Outcome));
    }
}
