// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../../contracts/claim/IClaims.sol";
import {IClaimSource} from "../../contracts/claim/IClaimSource.sol";
import {IRuns} from "../../contracts/run/IRuns.sol";
import {IStakeManager} from "../../contracts/stake/IStakeManager.sol";
import {ClaimId, ClaimKind, claimId} from "../../contracts/types/ClaimId.sol";
import {Root} from "../../contracts/types/Root.sol";
import {Instant} from "../../contracts/types/Time.sol";
import {Fixture} from "./lib/Fixture.sol";
import {vm} from "./lib/Vm.sol";

/// @dev Two miners, two validators (members 2 and 3), round 1 with both miners committed. Epochs of two rounds.
contract ClaimsTest is Fixture {
    ClaimId private _work;
    bytes32 private _word;

    function setUp() public {
        deploy();
        createRun();
        enlistAll(2, 2);
        openFirstRound();
        commitAll(2);
        _work = workOf(1, 1);
        _word = claims.wordOf(_work);
    }

    /// @dev To the second at which the claims of the first epoch are final.
    function toFinality() private {
        audit();
        aggregateBy(0, 3, Root.wrap("one"));
        pass(CHALLENGE_WINDOW);
        tickAll();
        playRound(2);
        pass(CHALLENGE_WINDOW);
    }

    function requireStatus(IClaims.ClaimStatus status) private view {
        require(claims.statusOf(_work) == status);
    }

    function expectClosed(IClaims.ClaimStatus status) private {
        vm.expectRevert(abi.encodeWithSelector(IClaims.WindowClosed.selector, _work, status));
    }

    function test_post_byAnyoneButTheSourceOfItsKind_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IClaims.NotSource.selector, address(this), address(runs)));
        claims.post(_work, "word", ownerOf(1), 1);
        vm.expectRevert(abi.encodeWithSelector(IClaims.NotSource.selector, address(verdicts), address(runs)));
        vm.prank(address(verdicts));
        claims.post(_work, "word", ownerOf(1), 1);
        ClaimId verdict = claimId(ClaimKind.VERDICT, RUN, 1, 3);
        vm.expectRevert(abi.encodeWithSelector(IClaims.NotSource.selector, address(runs), address(verdicts)));
        vm.prank(address(runs));
        claims.post(verdict, "word", ownerOf(1), 1);
        vm.prank(address(verdicts));
        claims.post(verdict, "word", ownerOf(1), 1);
        require(claims.wordOf(verdict) == "word");
    }

    function test_post_twice_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IClaims.AlreadyPosted.selector, _work));
        vm.prank(address(runs));
        claims.post(_work, "word", ownerOf(1), 1);
    }

    function test_post_locksTheBondForTheClaim() public view {
        require(stake.accountOf(ownerOf(1)).locked == SERVICE_DEPOSIT + MINER_BOND);
        requireStatus(IClaims.ClaimStatus.STANDING);
    }

    function test_challenge_ofNothing_reverts() public {
        ClaimId id = workOf(2, 1);
        require(claims.statusOf(id) == IClaims.ClaimStatus.NONE);
        vm.expectRevert(abi.encodeWithSelector(IClaims.NotPosted.selector, id));
        game.challenge(id, "word", ownerOf(2));
    }

    function test_challenge_ofAnotherWord_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IClaims.WordMismatch.selector, _work, bytes32("word"), _word));
        game.challenge(_work, "word", ownerOf(2));
    }

    function test_challenge_ofASeat_reverts() public {
        ClaimId id = claimId(ClaimKind.SEAT, RUN, 1, 3);
        bytes32 word = claims.wordOf(id);
        vm.expectRevert(abi.encodeWithSelector(IClaims.NotChallengeable.selector, id));
        game.challenge(id, word, ownerOf(2));
    }

    function test_challenge_withoutStake_reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.InsufficientFree.selector, address(this), 0, CHALLENGE_BOND)
        );
        game.challenge(_work, _word, address(this));
    }

    function test_challenge_freezesAndLocksBothBonds() public {
        challengeBy(2, _work);
        requireStatus(IClaims.ClaimStatus.FROZEN);
        require(stake.accountOf(ownerOf(1)).locked == SERVICE_DEPOSIT + MINER_BOND);
        require(stake.accountOf(ownerOf(2)).locked == DUTY_DEPOSIT + CHALLENGE_BOND);
    }

    function test_challenge_twiceByOne_reverts_andByAnotherCounts() public {
        challengeBy(2, _work);
        vm.expectRevert(abi.encodeWithSelector(IClaims.AlreadyChallenged.selector, _work, ownerOf(2)));
        game.challenge(_work, _word, ownerOf(2));
        challengeBy(3, _work);
        require(claims.openChallengesOf(_work) == 2);
    }

    function test_challenge_oneSecondBeforeFinality_counts() public {
        toFinality();
        vm.warp(vm.getBlockTimestamp() - 1);
        challengeBy(2, _work);
        requireStatus(IClaims.ClaimStatus.FROZEN);
    }

    function test_challenge_atFinality_reverts() public {
        toFinality();
        requireStatus(IClaims.ClaimStatus.FINAL);
        expectClosed(IClaims.ClaimStatus.FINAL);
        game.challenge(_work, _word, ownerOf(2));
    }

    function test_frozenClaim_isNeverFinalByItself() public {
        challengeBy(2, _work);
        audit();
        aggregateBy(0, 1, Root.wrap("one"));
        pass(CHALLENGE_WINDOW);
        tickAll();
        playRound(2);
        pass(1000 days);
        requireStatus(IClaims.ClaimStatus.FROZEN);
        vm.expectRevert(abi.encodeWithSelector(IClaims.NotFinal.selector, _work, IClaims.ClaimStatus.FROZEN));
        claims.release(_work);
    }

    function test_release_oneSecondEarly_reverts_andOnTimeFreesOnce() public {
        toFinality();
        vm.warp(vm.getBlockTimestamp() - 1);
        vm.expectRevert(abi.encodeWithSelector(IClaims.NotFinal.selector, _work, IClaims.ClaimStatus.STANDING));
        claims.release(_work);
        vm.warp(vm.getBlockTimestamp() + 1);
        uint128 locked = stake.accountOf(ownerOf(1)).locked;
        require(!claims.isReleased(_work));
        claims.release(_work);
        require(claims.isReleased(_work) && stake.accountOf(ownerOf(1)).locked == locked - MINER_BOND);
        vm.expectRevert(abi.encodeWithSelector(IClaims.AlreadyReleased.selector, _work));
        claims.release(_work);
    }

    function test_challengeAndVerdict_byAnyoneButTheGame_revert() public {
        challengeBy(2, _work);
        bytes memory reason = abi.encodeWithSelector(IClaims.NotGame.selector, address(this), address(game));
        vm.expectRevert(reason);
        claims.void(_work, ownerOf(2));
        vm.expectRevert(reason);
        claims.uphold(_work, ownerOf(2));
        vm.expectRevert(reason);
        claims.challenge(_work, _word, ownerOf(3));
        vm.expectRevert(reason);
        claims.releaseChallenge(_work, ownerOf(2));
    }

    function test_void_forOneThatDoesNotChallenge_reverts() public {
        challengeBy(2, _work);
        vm.expectRevert(
            abi.encodeWithSelector(IClaims.NotChallenging.selector, _work, ownerOf(3), IClaims.ChallengeStatus.NONE)
        );
        game.void(_work, ownerOf(3));
    }

    function test_uphold_forOneThatDoesNotChallenge_reverts() public {
        challengeBy(2, _work);
        vm.expectRevert(
            abi.encodeWithSelector(IClaims.NotChallenging.selector, _work, ownerOf(3), IClaims.ChallengeStatus.NONE)
        );
        game.uphold(_work, ownerOf(3));
    }

    function test_void_burnsHalfTheBondAndPaysTheWinner() public {
        challengeBy(2, _work);
        uint256 burned = stake.burned();
        uint128 free = stake.accountOf(ownerOf(2)).free;
        game.void(_work, ownerOf(2));
        require(stake.burned() == burned + MINER_BOND / 2);
        require(stake.accountOf(ownerOf(1)).locked == SERVICE_DEPOSIT);
        require(stake.accountOf(ownerOf(2)).free == free + MINER_BOND / 2 + CHALLENGE_BOND);
        requireStatus(IClaims.ClaimStatus.VOIDED);
    }

    function test_void_twice_reverts_andTheOtherChallengerGetsItsBondBackOnce() public {
        challengeBy(2, _work);
        challengeBy(3, _work);
        game.void(_work, ownerOf(2));
        expectClosed(IClaims.ClaimStatus.VOIDED);
        game.void(_work, ownerOf(3));
        expectClosed(IClaims.ClaimStatus.VOIDED);
        game.uphold(_work, ownerOf(3));
        game.releaseChallenge(_work, ownerOf(3));
        require(stake.accountOf(ownerOf(3)).locked == DUTY_DEPOSIT);
        vm.expectPartialRevert(IClaims.NotChallenging.selector);
        game.releaseChallenge(_work, ownerOf(3));
    }

    function test_challenge_ofAVoidedClaim_reverts() public {
        challengeBy(2, _work);
        game.void(_work, ownerOf(2));
        expectClosed(IClaims.ClaimStatus.VOIDED);
        game.challenge(_work, _word, ownerOf(3));
    }

    function test_releaseChallenge_whileTheGameIsOpen_reverts() public {
        challengeBy(2, _work);
        vm.expectRevert(abi.encodeWithSelector(IClaims.NotVoided.selector, _work, IClaims.ClaimStatus.FROZEN));
        game.releaseChallenge(_work, ownerOf(2));
    }

    function test_uphold_slashesTheChallengerAndTheClaimStandsAgain() public {
        challengeBy(2, _work);
        challengeBy(3, _work);
        uint128 free = stake.accountOf(ownerOf(1)).free;
        game.uphold(_work, ownerOf(2));
        requireStatus(IClaims.ClaimStatus.FROZEN);
        require(runs.roundOf(RUN, 1).challenged.has(1));
        game.uphold(_work, ownerOf(3));
        requireStatus(IClaims.ClaimStatus.STANDING);
        require(runs.roundOf(RUN, 1).challenged.isEmpty());
        require(stake.accountOf(ownerOf(1)).free == free + 2 * (CHALLENGE_BOND / 2));
        vm.expectRevert(abi.encodeWithSelector(IClaims.AlreadyChallenged.selector, _work, ownerOf(2)));
        game.challenge(_work, _word, ownerOf(2));
    }

    function test_selfChallenge_keepsNobodyOut() public {
        challengeBy(1, _work);
        challengeBy(2, _work);
        game.uphold(_work, ownerOf(1));
        game.void(_work, ownerOf(2));
        requireStatus(IClaims.ClaimStatus.VOIDED);
    }

    function test_hooks_byAnyoneButClaims_revert() public {
        IClaimSource source = IClaimSource(address(runs));
        bytes memory reason = abi.encodeWithSelector(IRuns.NotClaims.selector, address(this), address(claims));
        vm.expectRevert(reason);
        source.onFrozen(_work);
        vm.expectRevert(reason);
        source.onRestored(_work);
        vm.expectRevert(reason);
        source.onVoided(_work);
    }

    function test_dutyDeposit_isFreeOneWindowAfterItsLastRound() public {
        vm.prank(ownerOf(2));
        runs.leave(RUN);
        ClaimId id = claimId(ClaimKind.SEAT, RUN, 1, 3);
        vm.expectRevert(abi.encodeWithSelector(IClaims.NotFinal.selector, id, IClaims.ClaimStatus.STANDING));
        claims.release(id);
        audit();
        pass(AGGREGATE_WINDOW);
        tickAll();
        pass(CHALLENGE_WINDOW - 1);
        vm.expectRevert(abi.encodeWithSelector(IClaims.NotFinal.selector, id, IClaims.ClaimStatus.STANDING));
        claims.release(id);
        pass(1);
        claims.release(id);
        require(stake.accountOf(ownerOf(2)).locked == 0);
    }

    function test_terms_ofAnAggregate_endOneWindowAfterItsPost() public {
        audit();
        ClaimId id = aggregateBy(0, 3, Root.wrap("one"));
        Instant finalAt = IClaimSource(address(runs)).termsOf(id).finalAt;
        require(Instant.unwrap(finalAt) == vm.getBlockTimestamp() + AGGREGATE_CHALLENGE_WINDOW);
        pass(AGGREGATE_CHALLENGE_WINDOW - 1);
        require(!claims.isFinal(id));
        pass(1);
        require(claims.isFinal(id));
        claims.release(id);
        require(stake.accountOf(ownerOf(0)).locked == SERVICE_DEPOSIT + MINER_BOND);
    }
}
