// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGame} from "../../../contracts/claim/IGame.sol";
import {IReferee} from "../../../contracts/claim/referee/IReferee.sol";
import {IRules} from "../../../contracts/claim/rules/IRules.sol";
import {RunPrograms} from "../../../contracts/claim/RunPrograms.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {ClaimId} from "../../../contracts/types/ClaimId.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {GameFixture} from "../lib/GameFixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev A payload's second operand is read from the payload before it, for its error feedback. Every round of this miner has
/// a payload of its own, which the trace ends in.
abstract contract GameFeedback is GameFixture {
    /// @dev Of the claimant.
    uint32 internal constant SEAT = uint32(CLAIMANT) + 1;

    bool private _goesOn;

    function descriptorContent() internal view override returns (bytes memory content) {
        content = super.descriptorContent();
        // The state of the second operand.
        content[69] = 0x02;
    }

    function commitment() internal view virtual override returns (IRuns.Commitment memory c) {
        c = super.commitment();
        if (_goesOn) c.startRoot = Root.wrap(trainingRoot(Root.unwrap(c.parent), "first", "rest"));
    }

    /// @dev To round 2, which goes on from round 1 or does not.
    function enterSecond(uint256 accepted, bool goesOn) internal returns (IRuns.Commitment memory before) {
        before = commitment();
        auditWith(accepted);
        aggregateBy(0, accepted, Root.wrap("second"));
        pass(CHALLENGE_WINDOW);
        tickAll();
        _goesOn = goesOn;
        commitAll(2);
        work = workOf(2, CLAIMANT);
    }

    function from(uint32 seat, IRuns.Commitment memory c) internal pure returns (IGame.Source[] memory sources) {
        sources = new IGame.Source[](1);
        sources[0] = IGame.Source(seat, c);
    }

    function expectBefore(bytes32 payload) internal {
        IReferee.Context memory context;
        context.program = program;
        context.trace = trace.root;
        context.inputs = new bytes32[](2);
        context.inputs[0] = Root.unwrap(commitment().parent);
        context.inputs[1] = payload;
        referee.expect(descriptor, leafIndex() * 256 + 7, context);
    }

    function proveWith(IGame.Position memory position, IGame.Source[] memory sources, bytes memory refusal) internal {
        IReferee.Evidence memory evidence;
        RunPrograms memory p = programs();
        if (refusal.length != 0) vm.expectRevert(refusal);
        by(CHALLENGER);
        play.prove(work, ownerOf(CHALLENGER), position, descriptor, leafData, 7, evidence, sources, p);
    }
}

contract GameFeedbackTest is GameFeedback {
    IGame.Source[] private _none;

    function test_afterAStartFromZero_errorFeedbackIsZero() public {
        IGame.Position memory position = toProve();
        require(position.marks == programs().zeroPayload);
        expectBefore(programs().zeroPayload);
        proveWith(position, _none, "");
        expectEnd(true, "element");
    }

    function test_afterAStartFromZero_noOtherPayloadIsRead() public {
        IRuns.Commitment memory before = enterSecond(1, false);
        IGame.Position memory position = toProve();
        require(position.marks == programs().zeroPayload);
        proveWith(position, from(SEAT, before), abi.encodeWithSelector(IRules.WrongSources.selector, 1, 0));
        expectBefore(programs().zeroPayload);
        proveWith(position, _none, "");
        expectEnd(true, "element");
    }

    function test_afterAStartThatGoesOn_errorFeedbackIsTheRoundBefores() public {
        IRuns.Commitment memory before = enterSecond(3, true);
        IGame.Position memory position = toProve();
        require(position.marks == bytes32(0));
        expectBefore(finish);
        proveWith(position, from(SEAT, before), "");
        expectEnd(true, "element");
    }

    function test_thatIsRightAfterAll_upholdsTheChallenge() public {
        IRuns.Commitment memory before = enterSecond(3, true);
        IGame.Position memory position = toProve();
        referee.find(false, 0x40000000);
        proveWith(position, from(SEAT, before), "");
        expectEnd(false, "element");
    }

    function test_afterAStartThatGoesOn_thePayloadIsTheClaimedOneOfTheSameSeat() public {
        IRuns.Commitment memory before = enterSecond(3, true);
        IGame.Position memory position = toProve();
        proveWith(position, _none, abi.encodeWithSelector(IRules.WrongSources.selector, 0, 1));
        proveWith(position, from(SEAT - 1, before), abi.encodeWithSelector(IRules.WrongSource.selector, 1, SEAT - 1));
        ClaimId claimed = workOf(1, CLAIMANT);
        bytes32 posted = claims.wordOf(claimed);
        before.payloadRoot = Root.wrap("other");
        bytes32 given = keccak256(abi.encode(ownerOf(CLAIMANT), before));
        bytes memory refusal = abi.encodeWithSelector(IRules.NotTheClaim.selector, claimed, given, posted);
        proveWith(position, from(SEAT, before), refusal);
        // Nor is it the one in dispute.
        given = keccak256(abi.encode(ownerOf(CLAIMANT), commitment()));
        refusal = abi.encodeWithSelector(IRules.NotTheClaim.selector, claimed, given, posted);
        proveWith(position, from(SEAT, commitment()), refusal);
    }

    function test_theRoundBefore_staysWhatItIs_onceItIsVoid() public {
        IRuns.Commitment memory before = enterSecond(3, true);
        IGame.Position memory position = toProve();
        ClaimId first = workOf(1, CLAIMANT);
        bytes32 word = claims.wordOf(first);
        vm.prank(address(play));
        claims.challenge(first, word, ownerOf(3));
        vm.prank(address(play));
        claims.void(first, ownerOf(3));
        expectBefore(finish);
        proveWith(position, from(SEAT, before), "");
        expectEnd(true, "element");
    }
}

/// @dev A start of which a part only is zero goes on.
contract GameFeedbackHalfZeroTest is GameFeedback {
    function commitment() internal view virtual override returns (IRuns.Commitment memory c) {
        c = super.commitment();
        c.startRoot = Root.wrap(trainingRoot(Root.unwrap(c.parent), programs().zeroFirst, "rest"));
    }

    function test_startThatIsHalfZero_goesOn() public {
        require(toInvoke().marks == bytes32(0));
    }
}

/// @dev A run whose payloads have no error feedback.
contract GameNoFeedbackTest is GameFixture {
    function programs() internal view override returns (RunPrograms memory p) {
        p = super.programs();
        p.zeroPayload = bytes32(0);
    }

    function test_payload_isOfTwoStates() public {
        require(toInvoke().marks == bytes32(0));
    }
}
