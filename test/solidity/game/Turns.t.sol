// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../../../contracts/claim/IClaims.sol";
import {IGame} from "../../../contracts/claim/IGame.sol";
import {Game} from "../../../contracts/claim/Game.sol";
import {Duration} from "../../../contracts/types/Time.sol";
import {GameFixture} from "../lib/GameFixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev Answers and cannot be paid, until it wants to be.
contract Miser {
    bool private _takes;

    receive() external payable {
        require(_takes);
    }

    function answer(IGame play, bytes calldata move) external {
        (bool isOk, ) = address(play).call(move);
        require(isOk, "refused");
    }

    function take(IGame play) external {
        _takes = true;
        play.withdraw();
    }
}

/// @dev Tries to be paid twice, when it is paid.
contract Glutton {
    bytes private _again;
    uint256 public attempts;

    receive() external payable {
        tryAgain();
    }

    function tryAgain() private {
        ++attempts;
        (bool isOk, ) = msg.sender.call(_again);
        (bool isPaid, ) = msg.sender.call(abi.encodeCall(IGame.withdraw, ()));
        require(!isOk && !isPaid, "paid twice");
    }

    function answer(IGame play, bytes calldata move) external {
        _again = move;
        (bool isOk, ) = address(play).call(move);
        require(isOk, "refused");
    }
}

/// @dev Time and money.
contract GameTurnsTest is GameFixture {
    address private immutable WHO = ownerOf(CHALLENGER);

    function expectOutOfTime(uint256 left, uint256 elapsed) private {
        vm.expectRevert(abi.encodeWithSelector(IGame.OutOfTime.selector, left, elapsed));
    }

    function expectTimeLeft(uint256 left, uint256 elapsed) private {
        vm.expectRevert(abi.encodeWithSelector(IGame.TimeLeft.selector, left, elapsed));
    }

    function splitAs(IGame.Position calldata position) external {
        splitBy(CLAIMANT, position, lowNodes);
    }

    function pickAs(IGame.Position calldata position) external {
        pickBy(CHALLENGER, position, high(NODE), trace.children);
    }

    // --------------------------------------------------------------------------------------------------------- time

    function test_claimant_answersUntilTheLastSecond_andNotAfter() public {
        IGame.Position memory position = toNodes();
        pass(CLOCK - 1);
        expectTimeLeft(CLOCK, CLOCK - 1);
        play.timeOut(work, WHO, position);
        vm.warp(vm.getBlockTimestamp() + 1);
        expectOutOfTime(CLOCK, CLOCK);
        this.splitAs(position);
        vm.warp(vm.getBlockTimestamp() - 1);
        this.splitAs(position);
    }

    function test_claimantOutOfTime_losesItsClaim_andTheEscrowIsOwed() public {
        IGame.Position memory position = toNodes();
        pass(CLOCK);
        vm.recordLogs();
        play.timeOut(work, WHO, position);
        expectEnd(true, "clock");
        require(play.owedTo(WHO) == FEE && address(play).balance == FEE);
        uint256 balance = WHO.balance;
        vm.prank(WHO);
        play.withdraw();
        require(WHO.balance == balance + FEE && play.owedTo(WHO) == 0 && address(play).balance == 0);
    }

    function test_challengerOutOfTime_losesItsChallenge() public {
        IGame.Position memory position = toChooseNodes();
        pass(CLOCK - 1);
        expectTimeLeft(CLOCK, CLOCK - 1);
        play.timeOut(work, WHO, position);
        vm.warp(vm.getBlockTimestamp() + 1);
        expectOutOfTime(CLOCK, CLOCK);
        this.pickAs(position);
        vm.recordLogs();
        play.timeOut(work, WHO, position);
        expectEnd(false, "clock");
        require(play.owedTo(WHO) == 0 && address(play).balance == 0);
    }

    function test_clocks_runOnlyInTheTurnOfTheirSide_andAreNotWoundUp() public {
        IGame.Position memory position = toInvoke();
        pass(300);
        position = traceBy(CLAIMANT, CHALLENGER, position);
        pass(200);
        position = pickBy(CHALLENGER, position, high(NODE), trace.children);
        IGame.Game memory game = play.gameOf(work, WHO);
        require(Duration.unwrap(game.claimantLeft) == CLOCK - 300);
        require(Duration.unwrap(game.challengerLeft) == CLOCK - 200 && game.claimantMoves);
        pass(CLOCK - 301);
        position = splitBy(CLAIMANT, position, lowNodes);
        require(Duration.unwrap(play.gameOf(work, WHO).claimantLeft) == 1);
        position = pickNodeBy(CHALLENGER, position);
        pass(1);
        expectOutOfTime(1, 1);
        vm.prank(nodeOf(CLAIMANT));
        play.openTensor(work, WHO, position, descriptor, tree, highChunks);
    }

    function test_timeOut_onAnotherPosition_reverts() public {
        IGame.Position memory position = toNodes();
        bytes32 stands = keccak256(abi.encode(position));
        pass(CLOCK);
        position.index += 1;
        bytes32 given = keccak256(abi.encode(position));
        vm.expectRevert(abi.encodeWithSelector(IGame.PositionMismatch.selector, given, stands));
        play.timeOut(work, WHO, position);
    }

    function test_game_withoutTime_cannotBeMade() public {
        vm.expectRevert(IGame.NoTime.selector);
        new Game(address(1), address(2), address(3), address(4), address(5), Duration.wrap(0));
    }

    // -------------------------------------------------------------------------------------------------------- money

    function test_escrow_isPaidAtOnceToWhoeverAnswers() public {
        IGame.Position memory position = toInvoke();
        uint256 balance = nodeOf(CLAIMANT).balance;
        position = traceBy(CLAIMANT, CHALLENGER, position);
        require(nodeOf(CLAIMANT).balance == balance + FEE && address(play).balance == 0);
        position = pickBy(CHALLENGER, position, high(NODE), trace.children);
        require(address(play).balance == FEE && play.gameOf(work, WHO).escrow == FEE);
        balance = nodeOf(3).balance;
        splitBy(3, position, lowNodes);
        require(nodeOf(3).balance == balance + FEE && play.gameOf(work, WHO).escrow == 0);
    }

    function test_demand_belowTheFee_reverts_andAtItIsMade() public {
        IGame.Position memory position = toChooseNodes();
        uint256 needed = play.feeOf(IGame.Stage.NODES, 4);
        bytes32[] memory siblings = new bytes32[](5);
        for (uint256 i = 0; i < 5; ++i) siblings[i] = siblingAt(i);
        vm.deal(nodeOf(CHALLENGER), needed);
        vm.expectRevert(abi.encodeWithSelector(IGame.FeeTooLow.selector, needed - 1, needed));
        vm.prank(nodeOf(CHALLENGER));
        play.pick{value: needed - 1}(work, WHO, position, 0, trace.children[0], siblings);
        vm.prank(nodeOf(CHALLENGER));
        play.pick{value: needed}(work, WHO, position, 0, trace.children[0], siblings);
    }

    /// @dev Of child 0.
    function siblingAt(uint256 height) private view returns (bytes32) {
        uint256 width = uint256(1) << height;
        return foldOf(width, width);
    }

    function foldOf(uint256 start, uint256 count) private view returns (bytes32) {
        if (count == 1) return trace.children[start];
        bytes32 left = foldOf(start, count / 2);
        return sha256(abi.encodePacked(uint8(1), left, foldOf(start + count / 2, count / 2)));
    }

    function test_escrow_thatCannotBeTaken_isOwed() public {
        IGame.Position memory position = toNodes();
        Miser miser = new Miser();
        miser.answer(play, abi.encodeCall(IGame.split, (work, WHO, position, lowNodes)));
        require(play.owedTo(address(miser)) == FEE);
        vm.expectRevert(abi.encodeWithSelector(IGame.TransferFailed.selector, address(miser), FEE));
        vm.prank(address(miser));
        play.withdraw();
        require(play.owedTo(address(miser)) == FEE);
        miser.take(play);
        require(address(miser).balance == FEE && play.owedTo(address(miser)) == 0);
    }

    function test_escrow_isPaidOnce_whateverItsReceiverTries() public {
        IGame.Position memory position = toNodes();
        Glutton glutton = new Glutton();
        glutton.answer(play, abi.encodeCall(IGame.split, (work, WHO, position, lowNodes)));
        require(glutton.attempts() == 1 && address(glutton).balance == FEE && address(play).balance == 0);
    }

    function test_withdraw_ofNothing_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IGame.NothingOwed.selector, address(this)));
        play.withdraw();
    }

    // ------------------------------------------------------------------------------------------------- several games

    /// @dev Challenger 3 wins by time on the same claim, on which challenger 2 stands at its nodes.
    function loseToAnother() private returns (IGame.Position memory position) {
        position = toNodes();
        IGame.Position memory other = openBy(3, opening(IGame.Subject.SEGMENT, 1, marksOfSegment()));
        pass(CLOCK - 1);
        position = splitBy(CLAIMANT, position, lowNodes);
        position = pickNodeBy(CHALLENGER, position);
        pass(1);
        play.timeOut(work, ownerOf(3), other);
        require(claims.isVoided(work));
    }

    function test_moves_onAClaimThatLostAnotherGame_revert() public {
        IGame.Position memory position = loseToAnother();
        vm.warp(vm.getBlockTimestamp() - 1);
        vm.expectRevert(abi.encodeWithSelector(IGame.ClaimVoided.selector, work));
        vm.prank(nodeOf(CLAIMANT));
        play.openTensor(work, WHO, position, descriptor, tree, highChunks);
        vm.warp(vm.getBlockTimestamp() + 1);
        vm.expectRevert(abi.encodeWithSelector(IClaims.WindowClosed.selector, work, IClaims.ClaimStatus.VOIDED));
        play.timeOut(work, WHO, position);
    }

    function test_abandon_givesBondAndEscrowBack_once() public {
        loseToAnother();
        uint128 locked = stake.accountOf(WHO).locked;
        vm.recordLogs();
        play.abandon(work, WHO);
        expectEnd(true, "abandoned");
        require(stake.accountOf(WHO).locked == locked - CHALLENGE_BOND);
        require(play.owedTo(WHO) == FEE);
        vm.expectRevert(abi.encodeWithSelector(IGame.NoGame.selector, work, WHO));
        play.abandon(work, WHO);
    }

    function test_abandon_whileTheClaimStands_reverts() public {
        toNodes();
        vm.expectRevert(abi.encodeWithSelector(IGame.ClaimNotVoided.selector, work));
        play.abandon(work, WHO);
    }

    function test_abandon_ofNoGame_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IGame.NoGame.selector, work, ownerOf(3)));
        play.abandon(work, ownerOf(3));
    }

    function test_shamChallenge_keepsNobodyOut() public {
        // The claimant challenges itself, and lets its own time pass.
        openBy(CLAIMANT, opening(IGame.Subject.PAYLOAD, 0, new bytes32[](0)));
        IGame.Position memory position = toProve();
        referee.find(false, 1);
        proveBy(CHALLENGER, position, 0);
        expectEnd(true, "element");
        play.abandon(work, ownerOf(CLAIMANT));
        require(stake.accountOf(ownerOf(CLAIMANT)).locked == SERVICE_DEPOSIT);
    }

    function test_claim_isNotFinalWhileAGameIsOpen_andStandsAgainWhenItIsLost() public {
        IGame.Position memory position = toChooseNodes();
        require(claims.statusOf(work) == IClaims.ClaimStatus.FROZEN);
        pass(CLOCK);
        play.timeOut(work, WHO, position);
        require(claims.statusOf(work) == IClaims.ClaimStatus.STANDING);
    }
}
