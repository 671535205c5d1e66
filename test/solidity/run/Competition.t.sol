// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRuns} from "../../../contracts/run/IRuns.sol";
import {ClaimId} from "../../../contracts/types/ClaimId.sol";
import {MemberSet} from "../../../contracts/types/MemberSet.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {Instant} from "../../../contracts/types/Time.sol";
import {Fixture} from "../lib/Fixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev Two miners and two validators (members 2 and 3); round 1 is audited, and aggregates compete.
contract CompetitionTest is Fixture {
    Root private constant WRONG = Root.wrap("wrong");
    Root private constant RIGHT = Root.wrap("right");

    function setUp() public {
        deploy();
        createRun();
        enlistAll(2, 2);
        openFirstRound();
        commitAll(2);
        audit();
    }

    function requireStatus(IRuns.RoundStatus status) private view {
        require(runs.runOf(RUN).status == status, "another status");
    }

    function requireDue(IRuns.Step due) private view {
        require(runs.runOf(RUN).due == due, "another step is due");
    }

    function requireSettledOn(Root root) private {
        runs.tick(RUN);
        require(runs.runOf(RUN).round == 2 && runs.runOf(RUN).root == root);
    }

    function expectStands(uint256 attempt) private {
        vm.expectRevert(abi.encodeWithSelector(IRuns.AggregateStands.selector, aggregateOf(1, attempt)));
    }

    function test_rightOne_isClaimedBesideAWrongOne_andSettlesWhenThatIsChallenged() public {
        ClaimId wrong = aggregateBy(0, 3, WRONG);
        uint128 locked = stake.accountOf(ownerOf(1)).locked;
        pass(100);
        aggregateBy(1, 3, RIGHT);
        IRuns.AggregateView[] memory aggregates = runs.roundOf(RUN, 1).aggregates;
        require(aggregates.length == 2 && aggregates[0].stands && aggregates[1].stands);
        require(aggregates[0].nextRoot == WRONG && aggregates[1].nextRoot == RIGHT);
        require(stake.accountOf(ownerOf(1)).locked == locked + AGGREGATE_BOND);
        challengeBy(2, wrong);
        requireStatus(IRuns.RoundStatus.AGGREGATED);
        pass(AGGREGATE_CHALLENGE_WINDOW - 1);
        requireDue(IRuns.Step.NONE);
        pass(1);
        requireSettledOn(RIGHT);
    }

    function test_firstThatStands_settlesTheRound_inItsOwnTime() public {
        uint128 locked = stake.accountOf(ownerOf(1)).locked;
        aggregateBy(0, 3, RIGHT);
        pass(AGGREGATE_WINDOW - 1);
        aggregateBy(1, 3, WRONG);
        pass(AGGREGATE_CHALLENGE_WINDOW - AGGREGATE_WINDOW);
        requireDue(IRuns.Step.NONE);
        pass(1);
        requireSettledOn(RIGHT);
        // The other can still be convicted, and changes nothing.
        challengeBy(2, aggregateOf(1, 2));
        game.void(aggregateOf(1, 2), ownerOf(2));
        require(runs.runOf(RUN).root == RIGHT && acceptedIn(1).count() == 2);
        require(stake.accountOf(ownerOf(1)).locked == locked);
    }

    function test_sameOne_isRefusedWhileItStands_andTakenOnceItIsChallenged() public {
        ClaimId first = aggregateBy(0, 3, RIGHT);
        aggregateBy(1, 3, WRONG);
        expectStands(1);
        runs.claimAggregate(RUN, 1, MemberSet.wrap(3), RIGHT);
        expectStands(2);
        runs.claimAggregate(RUN, 1, MemberSet.wrap(3), WRONG);
        challengeBy(2, first);
        aggregateBy(1, 3, RIGHT);
        require(runs.roundOf(RUN, 1).aggregates.length == 3);
    }

    function test_sameRoot_ofOtherMembers_isAnotherAggregate() public {
        aggregateBy(0, 3, RIGHT);
        challengeBy(2, workOf(1, 0));
        aggregateBy(1, 2, RIGHT);
        require(runs.roundOf(RUN, 1).aggregates[1].accepted.equals(MemberSet.wrap(2)));
    }

    function test_aggregate_whoseMembersAreChallengedLater_goesOnLeading() public {
        aggregateBy(0, 3, RIGHT);
        challengeBy(2, workOf(1, 0));
        pass(AGGREGATE_CHALLENGE_WINDOW);
        requireSettledOn(RIGHT);
        require(acceptedIn(1).count() == 2);
    }

    function test_competitor_atTheDeadline_reverts_andOneSecondBeforeCounts() public {
        aggregateBy(0, 3, WRONG);
        uint256 deadline = Instant.unwrap(runs.roundOf(RUN, 1).aggregateDeadline);
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IRuns.AggregateWindowClosed.selector, RUN, 1, deadline));
        runs.claimAggregate(RUN, 1, MemberSet.wrap(3), RIGHT);
        vm.warp(deadline - 1);
        aggregateBy(1, 3, RIGHT);
    }

    function test_upheldAggregate_leadsAgain() public {
        ClaimId first = aggregateBy(0, 3, RIGHT);
        aggregateBy(1, 3, WRONG);
        challengeBy(2, first);
        pass(AGGREGATE_CHALLENGE_WINDOW - 1);
        game.uphold(first, ownerOf(2));
        pass(1);
        requireSettledOn(RIGHT);
    }

    function test_whenNoneStands_theRoundWaitsOneAggregateWindow_andSettlesUnchanged() public {
        ClaimId first = aggregateBy(0, 3, RIGHT);
        ClaimId second = aggregateBy(1, 3, WRONG);
        challengeBy(2, first);
        pass(10);
        challengeBy(2, second);
        requireStatus(IRuns.RoundStatus.AUDITED);
        game.void(second, ownerOf(2));
        pass(AGGREGATE_WINDOW - 1);
        requireDue(IRuns.Step.NONE);
        pass(1);
        requireSettledOn(GENESIS);
        // The game goes on, and its end changes nothing.
        game.uphold(first, ownerOf(2));
        require(runs.runOf(RUN).root == GENESIS && acceptedIn(1).isEmpty());
    }

    function test_eightAggregates_areTheMost_andTheLastOneCanSettle() public {
        for (uint256 i = 1; i <= 7; ++i) challengeBy(2, aggregateBy(0, 3, Root.wrap(bytes32(i))));
        aggregateBy(1, 3, RIGHT);
        vm.expectRevert(abi.encodeWithSelector(IRuns.TooManyAggregates.selector, RUN, 1, 8));
        runs.claimAggregate(RUN, 1, MemberSet.wrap(3), Root.wrap("ninth"));
        pass(AGGREGATE_CHALLENGE_WINDOW);
        requireSettledOn(RIGHT);
    }
}
