// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRuns} from "../../run/IRuns.sol";
import {ClaimId, ClaimKind, claimId} from "../../types/ClaimId.sol";
import {MemberSet} from "../../types/MemberSet.sol";
import {Root} from "../../types/Root.sol";
import {IGame} from "../IGame.sol";
import {Geometry, TensorType} from "../referee/Geometry.sol";
import {IReferee} from "../referee/IReferee.sol";
import {IVerdicts} from "../IVerdicts.sol";
import {RunPrograms} from "../RunPrograms.sol";
import {Cases} from "./Cases.sol";
import {Elements} from "./Elements.sol";
import {IRules} from "./IRules.sol";

/// @title Rules
/// @notice The manual is {IRules}. Here is the last move: the final check.
contract Rules is Cases {
    /// @dev The final check costs at most 600,000 gas, of which a call passes on 63 parts in 64.
    uint256 private constant CHECK_GAS = 650_000;

    /// @dev A descriptor has four operands of eight bytes from here on: u8 kind, u8 state, u16 zero, u32 index.
    uint256 private constant OPERANDS = 60;
    uint256 private constant MOST_OPERANDS = 4;
    uint8 private constant INPUT = 2;

    /// @inheritdoc IRules
    address public immutable referee;

    constructor(address referee_) {
        referee = referee_;
    }

    /// @inheritdoc IRules
    function prove(
        ClaimId id,
        address,
        IGame.Position calldata position,
        bytes calldata descriptor,
        bytes calldata data,
        uint256 element,
        IReferee.Evidence calldata evidence,
        IGame.Source[] calldata sources,
        RunPrograms calldata programs
    ) external view returns (Outcome memory outcome) {
        _requireStage(position, IGame.Stage.PROVE);
        _requireLeaf(position, data);
        TensorType memory tensor = _typeOf(position, descriptor);
        uint256 elements = data.length / Geometry.bytesOf(tensor.dtype);
        require(element < elements, NoSuchElement(element, elements));
        uint32 bits = Elements.bitsAt(tensor.dtype, data, element);
        outcome.ending = Ending.VOIDED;
        outcome.reason = "encoding";
        if (!Elements.isEncoding(tensor.dtype, bits)) return outcome;

        IReferee.Context memory context = _context(id, position, descriptor, evidence, sources, programs);
        // INVARIANT: gas decides nothing.
        require(gasleft() >= CHECK_GAS, NotEnoughGas(gasleft(), CHECK_GAS));
        uint256 number = Elements.numberOf(Geometry.leavesOf(tensor), tensor.dtype, position.index, element);
        IReferee.Finding memory finding = IReferee(referee).evaluate(descriptor, number, context, evidence);
        outcome.reason = finding.fault ? bytes32("fault") : bytes32("element");
        // INVARIANT: the claim is wrong if the referee finds another value, or none; the challenge is if it finds the same.
        if (!finding.fault && finding.bits == bits) outcome.ending = Ending.UPHELD;
    }

    /// @dev The roots that both sides agree on, as the claim fixes them.
    function _context(
        ClaimId id,
        IGame.Position calldata position,
        bytes calldata descriptor,
        IReferee.Evidence calldata evidence,
        IGame.Source[] calldata sources,
        RunPrograms calldata programs
    ) private view returns (IReferee.Context memory context) {
        context.program = position.program;
        context.trace = position.trace;
        context.inputs = _inputs(id, position, descriptor, sources);
        // Only a node that loads a batch is given tokens.
        if (evidence.tokens.leaf.data.length == 0) return context;

        _requirePrograms(id, programs);
        ClaimId work = id.kind() == ClaimKind.VERDICT ? IVerdicts(IGame(msg.sender).verdicts()).workOf(id) : id;
        context.dataset = programs.dataset;
        context.seed = _runs().roundOf(work.runOf(), work.roundOf()).seed;
        context.participant = _runs().seatOf(work.runOf(), work.numberOf()).owner;
        context.step = position.first;
    }

    /// @dev For each operand that is read from a state, the state's root.
    function _inputs(
        ClaimId id,
        IGame.Position calldata position,
        bytes calldata descriptor,
        IGame.Source[] calldata sources
    ) private view returns (bytes32[] memory inputs) {
        uint256 operands = 0;
        while (operands < MOST_OPERANDS && descriptor[OPERANDS + 8 * operands] != 0) ++operands;
        inputs = new bytes32[](operands);
        uint256 used = 0;
        for (uint256 operand = 0; operand < operands; ++operand) {
            uint256 offset = OPERANDS + 8 * operand;
            if (uint8(descriptor[offset]) != INPUT) continue;
            uint8 state = uint8(descriptor[offset + 1]);
            if (state == 0) {
                inputs[operand] = position.start;
            } else if (position.subject != IGame.Subject.AGGREGATE && state == 1) {
                inputs[operand] = position.second;
            } else if (position.marks != bytes32(0)) {
                inputs[operand] = position.marks;
            } else {
                require(used < sources.length, WrongSources(sources.length, used + 1));
                inputs[operand] = _payloadOf(id, position, sources[used++], operand, state);
            }
        }
        require(used == sources.length, WrongSources(sources.length, used));
    }

    /// @dev Of an aggregate the payload of the member that is number `state` (from 1) of the accepted, in ascending index;
    /// of a payload the claimant's own of the round before.
    function _payloadOf(
        ClaimId id,
        IGame.Position calldata position,
        IGame.Source calldata source,
        uint256 operand,
        uint8 state
    ) private view returns (bytes32) {
        uint32 round = id.roundOf();
        if (position.subject != IGame.Subject.AGGREGATE) {
            // INVARIANT: error feedback goes on from the same seat's.
            require(source.seat == id.numberOf(), WrongSource(operand, source.seat));
            --round;
        } else {
            _requireRank(id, position, source.seat, operand, state);
        }
        _requireWork(claimId(ClaimKind.WORK, id.runOf(), round, source.seat), source.commitment);
        return Root.unwrap(source.commitment.payloadRoot);
    }

    function _requireRank(
        ClaimId id,
        IGame.Position calldata position,
        uint32 number,
        uint256 operand,
        uint8 state
    ) private view {
        IRuns.Seat memory seat = _runs().seatOf(id.runOf(), number);
        MemberSet accepted = MemberSet.wrap(uint256(position.second));
        // INVARIANT: input `state` of the outer step is the payload of the accepted member of that rank. Only one seat
        // of an index has committed in a round.
        bool isRank = accepted.has(seat.index) && accepted.rankOf(seat.index) + 1 == state;
        require(isRank, WrongSource(operand, number));
    }
}
