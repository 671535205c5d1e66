// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IShareToken} from "../../contracts/own/IShareToken.sol";
import {IRuns} from "../../contracts/run/IRuns.sol";
import {ParameterOutOfRange, RunParameters} from "../../contracts/run/RunParameters.sol";
import {MemberSet} from "../../contracts/types/MemberSet.sol";
import {Root} from "../../contracts/types/Root.sol";
import {Duration} from "../../contracts/types/Time.sol";
import {Fixture} from "./lib/Fixture.sol";
import {vm} from "./lib/Vm.sol";

/// @dev A run of at most three members, enlisting.
contract MembershipTest is Fixture {
    function setUp() public {
        deploy();
        createRun();
    }

    function parameters() internal view override returns (RunParameters memory p) {
        p = super.parameters();
        p.maxMembers = 3;
    }

    function expectOutOfRange(bytes32 field, uint256 value, uint256 least, uint256 most) private {
        vm.expectRevert(abi.encodeWithSelector(ParameterOutOfRange.selector, field, value, least, most));
    }

    function tryCreate(RunParameters memory p) private {
        runs.createRun(p, metadata());
    }

    function test_createRun_outsideARange_reverts() public {
        RunParameters memory p = parameters();
        p.segments = 17;
        expectOutOfRange("segments", 17, 1, 16);
        tryCreate(p);
        p = parameters();
        p.segments = 0;
        expectOutOfRange("segments", 0, 1, 16);
        tryCreate(p);
        p = parameters();
        p.challengeWindow = Duration.wrap(LONGEST_WINDOW + 1);
        expectOutOfRange("challengeWindow", LONGEST_WINDOW + 1, 1, LONGEST_WINDOW);
        tryCreate(p);
        p = parameters();
        p.maxMembers = 256;
        expectOutOfRange("maxMembers", 256, 1, 255);
        tryCreate(p);
        p = parameters();
        p.joinMultiplier = 1e18;
        expectOutOfRange("joinMultiplier", 1e18, 1e18 + 1, 1_000e18);
        tryCreate(p);
        p = parameters();
        p.epochRounds = 65;
        expectOutOfRange("epochRounds", 65, 1, 64);
        tryCreate(p);
        p = parameters();
        p.auditRate = 0;
        expectOutOfRange("auditRate", 0, 1, 10_000);
        tryCreate(p);
        p.auditRate = 10_001;
        expectOutOfRange("auditRate", 10_001, 1, 10_000);
        tryCreate(p);
    }

    function test_createRun_ofOtherRounds_reverts() public {
        RunParameters memory p = parameters();
        p.aggregateChallengeWindow = Duration.wrap(0);
        expectOutOfRange("aggregateChallengeWindow", 0, 1, LONGEST_WINDOW);
        tryCreate(p);
        p.aggregateChallengeWindow = Duration.wrap(LONGEST_WINDOW + 1);
        expectOutOfRange("aggregateChallengeWindow", LONGEST_WINDOW + 1, 1, LONGEST_WINDOW);
        tryCreate(p);
        p = parameters();
        p.minMiners = 0;
        expectOutOfRange("minMiners", 0, 1, 3);
        tryCreate(p);
        p.minMiners = 4;
        expectOutOfRange("minMiners", 4, 1, 3);
        tryCreate(p);
        p = parameters();
        p.minSegments = 0;
        expectOutOfRange("minSegments", 0, 1, 16);
        tryCreate(p);
        p.minSegments = 17;
        expectOutOfRange("minSegments", 17, 1, 16);
        tryCreate(p);
    }

    function test_createRun_givesOwnersNoMoreThanAllThatIsSpent() public {
        RunParameters memory p = parameters();
        p.ownersShare = 1e6 + 1;
        expectOutOfRange("ownersShare", 1e6 + 1, 0, 1e6);
        tryCreate(p);
        for (uint32 part = 0; part <= 1e6; part += 1e6) {
            p.ownersShare = part;
            tryCreate(p);
            address shareToken = ownership.shareTokenOf(runs.runCount());
            require(IShareToken(shareToken).ownersShare() == part, "another split");
        }
    }

    function test_createRun_letsPayVestAsLongAsAnAuditIsExpectedToTake() public {
        RunParameters memory p = parameters();
        uint16[6] memory rates = [1, 999, 1_000, 1_001, 9_999, 10_000];
        uint16[6] memory rounds = [10_000, 11, 10, 10, 2, 1];
        for (uint64 i = 0; i < 6; ++i) {
            p.auditRate = rates[i];
            tryCreate(p);
            require(ownership.vestingRoundsOf(2 + i) == rounds[i]);
        }
    }

    function test_createRun_withACommitteeOutsideItsRange_reverts() public {
        RunParameters memory p = parameters();
        p.committeeSeats = 0;
        expectOutOfRange("committeeSeats", 0, 1, 31);
        tryCreate(p);
        p.committeeSeats = 32;
        expectOutOfRange("committeeSeats", 32, 1, 31);
        tryCreate(p);
        (p.committeeSeats, p.committeeNeeded) = (24, 12);
        expectOutOfRange("committeeNeeded", 12, 13, 24);
        tryCreate(p);
        p.committeeNeeded = 25;
        expectOutOfRange("committeeNeeded", 25, 13, 24);
        tryCreate(p);
        p.committeeNeeded = 13;
        tryCreate(p);
        (p.committeeSeats, p.committeeNeeded) = (31, 31);
        tryCreate(p);
        (p.committeeSeats, p.committeeNeeded) = (1, 1);
        tryCreate(p);
        require(runs.runCount() == 4);
    }

    function test_createRun_atTheEdges_givesTheNextId() public {
        RunParameters memory p = parameters();
        (p.segments, p.minSegments) = (1, 1);
        p.challengeWindow = Duration.wrap(LONGEST_WINDOW);
        p.aggregateChallengeWindow = Duration.wrap(LONGEST_WINDOW);
        p.epochRounds = 64;
        (p.maxMembers, p.minMiners) = (255, 255);
        require(runs.createRun(p, metadata()) == 2);
        require(runs.parametersOf(2).epochRounds == 64);
        require(ownership.shareTokenOf(2) != address(0));
    }

    function test_anyCall_forAnUnknownRun_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IRuns.UnknownRun.selector, 2));
        runs.join(2, IRuns.Role.MINER, 0);
        vm.expectRevert(abi.encodeWithSelector(IRuns.UnknownRun.selector, 0));
        runs.tick(0);
    }

    function test_join_withoutANode_reverts() public {
        fund(ownerOf(0), STAKE);
        vm.expectRevert(abi.encodeWithSelector(IRuns.NodeMissing.selector, ownerOf(0)));
        vm.prank(ownerOf(0));
        runs.join(RUN, IRuns.Role.MINER, type(uint128).max);
    }

    function test_join_twice_reverts() public {
        enlist(0, IRuns.Role.MINER);
        vm.expectRevert(abi.encodeWithSelector(IRuns.AlreadyMember.selector, RUN, ownerOf(0), 1));
        vm.prank(ownerOf(0));
        runs.join(RUN, IRuns.Role.VALIDATOR, type(uint128).max);
    }

    function test_join_aboveTheMaximumPrice_reverts_andAtItPays() public {
        fund(ownerOf(0), STAKE);
        vm.prank(ownerOf(0));
        stake.setNode(nodeOf(0));
        vm.expectRevert(abi.encodeWithSelector(IRuns.PriceAboveMaximum.selector, 1 ether, 1 ether - 1));
        vm.prank(ownerOf(0));
        runs.join(RUN, IRuns.Role.MINER, 1 ether - 1);
        vm.prank(ownerOf(0));
        runs.join(RUN, IRuns.Role.MINER, 1 ether);
        uint128 left = STAKE - 1 ether - SERVICE_DEPOSIT;
        require(stake.burned() == 1 ether && stake.accountOf(ownerOf(0)).free == left);
    }

    function test_join_ofAFullRun_reverts() public {
        enlistAll(2, 1);
        fund(ownerOf(3), STAKE);
        vm.prank(ownerOf(3));
        stake.setNode(nodeOf(3));
        vm.expectRevert(abi.encodeWithSelector(IRuns.RunFull.selector, RUN, 3));
        vm.prank(ownerOf(3));
        runs.join(RUN, IRuns.Role.MINER, type(uint128).max);
    }

    function test_price_risesWithAJoin_andHalvesTowardsTheFloor() public {
        enlist(0, IRuns.Role.MINER);
        require(runs.joiningPriceOf(RUN) == 1.01 ether);
        pass(1 hours);
        uint128 price = runs.joiningPriceOf(RUN);
        require(price >= 1.005 ether && price <= 1.005 ether + 1e6);
        pass(365 days);
        require(runs.joiningPriceOf(RUN) == 1 ether);
    }

    function testFuzz_price_neverRisesWithTimeAndNeverPassesTheFloor(uint32 first, uint32 second) public {
        enlist(0, IRuns.Role.MINER);
        pass(first);
        uint128 before = runs.joiningPriceOf(RUN);
        pass(second);
        uint128 later = runs.joiningPriceOf(RUN);
        require(later <= before && later >= 1 ether);
    }

    function test_seat_locksTheDepositOfItsRole() public {
        enlist(0, IRuns.Role.VALIDATOR);
        enlist(1, IRuns.Role.MINER);
        require(stake.accountOf(ownerOf(0)).locked == DUTY_DEPOSIT);
        require(stake.accountOf(ownerOf(1)).locked == SERVICE_DEPOSIT);
    }

    function test_leave_withoutASeat_orTwice_reverts() public {
        bytes memory reason = abi.encodeWithSelector(IRuns.NotMember.selector, RUN, ownerOf(0));
        vm.expectRevert(reason);
        vm.prank(ownerOf(0));
        runs.leave(RUN);
        enlist(0, IRuns.Role.MINER);
        vm.prank(ownerOf(0));
        runs.leave(RUN);
        vm.expectRevert(reason);
        vm.prank(ownerOf(0));
        runs.leave(RUN);
    }

    function test_join_afterLeaving_waitsForTheNextRound() public {
        enlistAll(2, 0);
        openFirstRound();
        vm.prank(ownerOf(1));
        runs.leave(RUN);
        vm.expectRevert(abi.encodeWithSelector(IRuns.AlreadyMember.selector, RUN, ownerOf(1), 2));
        vm.prank(ownerOf(1));
        runs.join(RUN, IRuns.Role.MINER, type(uint128).max);
        playRound(2);
        vm.prank(ownerOf(1));
        require(runs.join(RUN, IRuns.Role.MINER, type(uint128).max) == 3);
    }

    function test_index_isReusedOnlyWhenItsRoundIsOver() public {
        enlistAll(2, 0);
        openFirstRound();
        vm.prank(ownerOf(0));
        runs.leave(RUN);
        require(runs.seatOf(RUN, enlist(2, IRuns.Role.MINER)).index == 2);
        playRound(2);
        require(runs.seatOf(RUN, enlist(3, IRuns.Role.MINER)).index == 0);
        require(runs.seatAt(RUN, 0) == 4);
    }

    function test_formerTenant_cannotCommitOnItsOldIndex() public {
        enlistAll(2, 0);
        openFirstRound();
        vm.prank(ownerOf(0));
        runs.leave(RUN);
        playRound(2);
        enlist(3, IRuns.Role.MINER);
        playRoundOf(1);
        require(runs.runOf(RUN).activeMiners.has(0));
        IRuns.Commitment memory c = commitment();
        vm.expectRevert(abi.encodeWithSelector(IRuns.NotServing.selector, RUN, ownerOf(0), 3));
        vm.prank(nodeOf(0));
        runs.commit(RUN, 3, c);
        commitBy(3);
    }

    /// @dev A round that only one member works in.
    function playRoundOf(uint256 member) private {
        commitBy(member);
        audit();
        aggregateBy(member, uint256(1) << member, Root.wrap("alone"));
        pass(CHALLENGE_WINDOW);
        tickAll();
    }

    function test_join_countsFromTheNextRound() public {
        enlistAll(1, 0);
        openFirstRound();
        enlist(1, IRuns.Role.MINER);
        IRuns.RunView memory run = runs.runOf(RUN);
        require(run.miners.has(1) && !run.activeMiners.has(1));
        IRuns.Commitment memory c = commitment();
        vm.expectRevert(abi.encodeWithSelector(IRuns.NotServing.selector, RUN, ownerOf(1), 1));
        vm.prank(nodeOf(1));
        runs.commit(RUN, 1, c);
    }

    function test_leave_withOpenClaims_leavesTheBondsLocked() public {
        enlistAll(2, 0);
        openFirstRound();
        commitBy(0);
        vm.prank(ownerOf(0));
        runs.leave(RUN);
        require(stake.accountOf(ownerOf(0)).locked == SERVICE_DEPOSIT + MINER_BOND);
        uint128 free = stake.accountOf(ownerOf(0)).free;
        vm.expectPartialRevert(bytes4(keccak256("InsufficientFree(address,uint128,uint128)")));
        vm.prank(ownerOf(0));
        stake.startUnbonding(free + 1);
    }

    function testFuzz_set_countsAndFindsAsALoopWould(uint256 bits) public pure {
        MemberSet set = MemberSet.wrap(bits);
        uint256 total = 0;
        uint256 absent = 256;
        for (uint256 i = 256; i > 0; --i) {
            if (set.has(uint8(i - 1))) ++total;
            else absent = i - 1;
        }
        require(set.count() == total && set.lowestAbsent() == absent);
    }

    function test_set_countsTheFullAndTheEmptySet() public pure {
        MemberSet full = MemberSet.wrap(type(uint256).max);
        require(full.count() == 256 && full.lowestAbsent() == 256);
        require(MemberSet.wrap(0).count() == 0 && MemberSet.wrap(0).lowestAbsent() == 0);
    }
}
