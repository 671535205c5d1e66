// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRuns} from "../../../contracts/run/IRuns.sol";
import {RunParameters} from "../../../contracts/run/RunParameters.sol";
import {Fixture} from "../lib/Fixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev A run that needs three miners. Member 0 is a validator.
contract FewMinersTest is Fixture {
    function setUp() public {
        deploy();
        createRun();
        enlist(0, IRuns.Role.VALIDATOR);
    }

    function parameters() internal view override returns (RunParameters memory p) {
        p = super.parameters();
        p.minMiners = 3;
    }

    function requireWaiting() private view {
        IRuns.RunView memory run = runs.runOf(RUN);
        require(run.status == IRuns.RoundStatus.OPEN && run.due == IRuns.Step.NONE && run.activeMiners.isEmpty());
    }

    function leaveBy(uint256 member) private {
        vm.prank(ownerOf(member));
        runs.leave(RUN);
    }

    function enlistMiners(uint256 first, uint256 last) private {
        for (uint256 i = first; i <= last; ++i) enlist(i, IRuns.Role.MINER);
    }

    function test_enlistment_waitsForTheLastMiner() public {
        enlistMiners(1, 2);
        pass(365 days);
        requireWaiting();
        enlist(3, IRuns.Role.MINER);
        require(runs.runOf(RUN).due == IRuns.Step.REQUEST);
        tickAll();
        require(runs.runOf(RUN).round == 1 && runs.runOf(RUN).activeMiners.count() == 3);
    }

    function test_enlistment_withEnoughMiners_stillLastsUntilItsEnd() public {
        enlistMiners(1, 3);
        requireWaiting();
        openFirstRound();
        require(runs.runOf(RUN).round == 1);
    }

    function test_round_goesOnWithThoseThatServe_andTheNextIsIdle() public {
        enlistMiners(1, 3);
        openFirstRound();
        leaveBy(3);
        require(runs.runOf(RUN).activeMiners.count() == 3);
        pass(COMMIT_WINDOW);
        tickAll();
        IRuns.RunView memory run = runs.runOf(RUN);
        require(run.round == 2 && run.miners.count() == 2 && run.activeValidators.count() == 1);
        pass(365 days);
        requireWaiting();
    }

    function test_idleRound_takesNoCommits() public {
        test_round_goesOnWithThoseThatServe_andTheNextIsIdle();
        IRuns.Commitment memory c = commitment();
        vm.expectPartialRevert(IRuns.WrongStatus.selector);
        vm.prank(nodeOf(1));
        runs.commit(RUN, 2, c);
    }

    function test_idleRound_isOverOnceEnoughHaveEnlisted_andTheRunGoesOn() public {
        test_round_goesOnWithThoseThatServe_andTheNextIsIdle();
        enlist(4, IRuns.Role.MINER);
        tickAll();
        IRuns.RunView memory run = runs.runOf(RUN);
        require(run.round == 3 && run.activeMiners.count() == 3 && run.status == IRuns.RoundStatus.OPEN);
        commitBy(4);
        require(acceptedIn(2).isEmpty());
    }

    function test_idleRound_whoseMinerLeavesAgain_goesOnWaiting() public {
        test_round_goesOnWithThoseThatServe_andTheNextIsIdle();
        enlist(4, IRuns.Role.MINER);
        require(runs.runOf(RUN).due == IRuns.Step.REQUEST);
        leaveBy(4);
        requireWaiting();
        enlist(5, IRuns.Role.MINER);
        runs.tick(RUN);
        // Its beacon is asked for: now it ends, and the next round is idle.
        leaveBy(5);
        vm.roll(vm.getBlockNumber() + 1);
        tickAll();
        require(runs.runOf(RUN).round == 3);
        requireWaiting();
    }
}
