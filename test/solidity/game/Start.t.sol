// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGame} from "../../../contracts/claim/IGame.sol";
import {IRules} from "../../../contracts/claim/rules/IRules.sol";
import {RunPrograms} from "../../../contracts/claim/RunPrograms.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {ClaimId} from "../../../contracts/types/ClaimId.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {GameFixture} from "../lib/GameFixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev The state in which a round starts. Epochs of two rounds. A round that goes on starts from `FIRST` and `REST`, with
/// which every round ends.
contract GameStartTest is GameFixture {
    bytes32 private constant FIRST = "first";
    bytes32 private constant REST = "rest";
    bytes32 private constant PARAMETERS = "parameters";

    bool private _goesOn;
    IRuns.Commitment private _last;

    /// @dev Without the trees of a trace, which nobody walks here.
    function commitment() internal view override returns (IRuns.Commitment memory c) {
        c = super.commitment();
        if (_goesOn) c.startRoot = Root.wrap(trainingRoot(Root.unwrap(c.parent), FIRST, REST));
        c.segmentRoots[15] = trainingRoot(PARAMETERS, FIRST, REST);
    }

    /// @dev To the next round, with these accepted in this one, which the miners have committed.
    function settle(uint256 accepted) private {
        _last = commitment();
        auditWith(accepted);
        aggregateBy(0, accepted, Root.wrap(keccak256(abi.encode(runs.runOf(RUN).round))));
        pass(CHALLENGE_WINDOW);
        tickAll();
    }

    function commitRound(bool goesOn) private returns (ClaimId) {
        _goesOn = goesOn;
        commitAll(2);
        return workOf(runs.runOf(RUN).round, CLAIMANT);
    }

    function toStart() private returns (IGame.Position memory) {
        return openBy(CHALLENGER, opening(IGame.Subject.START, 0, new bytes32[](0)));
    }

    /// @dev By anyone.
    function answer(IGame.Position memory position) private {
        bytes32 first = _goesOn ? FIRST : programs().zeroFirst;
        bytes32 rest = _goesOn ? REST : programs().zeroRest;
        answerWith(position, first, rest, _last, PARAMETERS);
    }

    function answerWith(
        IGame.Position memory position,
        bytes32 first,
        bytes32 rest,
        IRuns.Commitment memory before,
        bytes32 beforeParameters
    ) private {
        IRuns.Commitment memory c = commitment();
        RunPrograms memory p = programs();
        if (_expected.length != 0) vm.expectRevert(_expected);
        _expected = "";
        by(3);
        play.answerStart(work, ownerOf(CHALLENGER), position, c, first, rest, before, beforeParameters, p);
    }

    bytes private _expected;

    function expectWrongLocalState() private {
        bytes32 first = _goesOn ? FIRST : programs().zeroFirst;
        bytes32 rest = _goesOn ? REST : programs().zeroRest;
        _expected = abi.encodeWithSelector(IRules.WrongLocalState.selector, first, rest);
    }

    function void(ClaimId id) private {
        bytes32 word = claims.wordOf(id);
        vm.prank(address(play));
        claims.challenge(id, word, ownerOf(3));
        vm.prank(address(play));
        claims.void(id, ownerOf(3));
    }

    function test_start_isShownByAnyone_whoIsPaid() public {
        uint256 balance = nodeOf(3).balance;
        answer(toStart());
        expectEnd(false, "start");
        require(nodeOf(3).balance == balance + FEE);
    }

    function test_start_thatIsNotShown_losesByTime() public {
        IGame.Position memory position = toStart();
        require(position.stage == IGame.Stage.START && position.start == Root.unwrap(commitment().startRoot));
        pass(CLOCK);
        vm.recordLogs();
        play.timeOut(work, ownerOf(CHALLENGER), position);
        expectEnd(true, "clock");
    }

    function test_start_ofOtherGroups_orAnotherCommitment_isRefused() public {
        IGame.Position memory position = toStart();
        bytes32 given = trainingRoot(Root.unwrap(GENESIS), FIRST, REST);
        _expected = abi.encodeWithSelector(IRules.NotTheStart.selector, given, position.start);
        answerWith(position, FIRST, REST, commitment(), PARAMETERS);
        _goesOn = true;
        given = keccak256(abi.encode(ownerOf(CLAIMANT), commitment()));
        _expected = abi.encodeWithSelector(IRules.NotTheClaim.selector, work, given, claims.wordOf(work));
        answer(position);
    }

    function test_secondRoundOfAnEpoch_goesOnFromAnAcceptedFirst() public {
        settle(3);
        work = commitRound(true);
        answer(toStart());
        expectEnd(false, "start");
    }

    function test_secondRoundOfAnEpoch_mayNotStartFromZeroAfterAnAcceptedFirst() public {
        settle(3);
        work = commitRound(false);
        IGame.Position memory position = toStart();
        expectWrongLocalState();
        answer(position);
    }

    function test_secondRoundOfAnEpoch_mayNotGoOnFromAnotherEnd() public {
        settle(3);
        work = commitRound(true);
        IGame.Position memory position = toStart();
        expectWrongLocalState();
        answerWith(position, FIRST, REST, _last, "other parameters");
        IRuns.Commitment memory other = _last;
        other.segmentRoots[15] = "other";
        _expected = abi.encodeWithSelector(
            IRules.NotTheClaim.selector,
            workOf(1, CLAIMANT),
            keccak256(abi.encode(ownerOf(CLAIMANT), other)),
            claims.wordOf(workOf(1, CLAIMANT))
        );
        answerWith(position, FIRST, REST, other, PARAMETERS);
    }

    function test_secondRoundOfAnEpoch_startsFromZeroIfTheFirstWasNotAccepted() public {
        settle(1);
        work = commitRound(false);
        answer(toStart());
        expectEnd(false, "start");
    }

    function test_secondRoundOfAnEpoch_mayNotGoOnFromAFirstThatWasNotAccepted() public {
        settle(1);
        work = commitRound(true);
        IGame.Position memory position = toStart();
        expectWrongLocalState();
        answer(position);
    }

    function test_secondRoundOfAnEpoch_mayDoEither_whenTheAcceptedFirstIsVoid() public {
        settle(3);
        work = commitRound(false);
        void(workOf(1, CLAIMANT));
        answer(toStart());
        expectEnd(false, "start");
    }

    function test_secondRoundOfAnEpoch_mayHaveGoneOn_beforeTheAcceptedFirstBecameVoid() public {
        settle(3);
        work = commitRound(true);
        void(workOf(1, CLAIMANT));
        answer(toStart());
        expectEnd(false, "start");
    }

    function test_zeroAfterAnAcceptedFirst_isNotMadeRight_byVoidingTheFirstOnceTheGameIsOpen() public {
        settle(3);
        work = commitRound(false);
        IGame.Position memory position = toStart();
        void(workOf(1, CLAIMANT));
        expectWrongLocalState();
        answer(position);
    }

    function test_goingOnFromAnAcceptedFirst_staysRight_whenTheFirstIsVoidedOnceTheGameIsOpen() public {
        settle(3);
        work = commitRound(true);
        IGame.Position memory position = toStart();
        void(workOf(1, CLAIMANT));
        answer(position);
        expectEnd(false, "start");
    }

    function test_firstRoundOfAnEpoch_startsFromZero() public {
        settle(3);
        commitRound(true);
        settle(3);
        work = commitRound(false);
        answer(toStart());
        expectEnd(false, "start");
    }

    function test_firstRoundOfAnEpoch_mayNotGoOn() public {
        settle(3);
        commitRound(true);
        settle(3);
        work = commitRound(true);
        IGame.Position memory position = toStart();
        expectWrongLocalState();
        answer(position);
    }
}
