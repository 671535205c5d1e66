// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVerdicts} from "../../../contracts/claim/IVerdicts.sol";
import {IOwnership} from "../../../contracts/own/IOwnership.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {RunParameters} from "../../../contracts/run/RunParameters.sol";
import {ClaimId} from "../../../contracts/types/ClaimId.sol";
import {MemberSet} from "../../../contracts/types/MemberSet.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {Duration} from "../../../contracts/types/Time.sol";
import {VerdictsFixture} from "../claim/Verdicts.t.sol";
import {GasFixture} from "../Gas.t.sol";
import {vm} from "../lib/Vm.sol";

/// @dev Two miners, and two validators (members 2 and 3) that are on duty for both; a round can be settled at once.
abstract contract VerdictPayFixture is VerdictsFixture {
    function parameters() internal view virtual override returns (RunParameters memory p) {
        p = super.parameters();
        p.aggregateChallengeWindow = Duration.wrap(1);
    }

    function prepare() internal {
        deploy();
        createRun();
        enlistAll(2, 2);
        openFirstRound();
        commitAll(2);
        tickAll();
        readDraw(2);
    }

    /// @dev Closes the audit, and settles a second later.
    function settle() internal {
        attestAll(3);
        for (uint256 member = 2; member < 4; ++member) {
            vm.prank(nodeOf(member));
            verdicts.report(RUN, 1, MemberSet.wrap(3));
        }
        aggregateBy(0, 3, Root.wrap("next"));
        pass(1);
        tickAll();
    }

    function revealAll() internal {
        for (uint256 member = 2; member < 4; ++member) sealBy(member);
        for (uint256 member = 2; member < 4; ++member) {
            for (uint256 miner = 0; miner < 2; ++miner) revealBy(member, miner);
        }
    }
}

contract VerdictPayTest is VerdictPayFixture {
    ClaimId private immutable FIRST = verdictId(2, 0);
    ClaimId private immutable OTHER = verdictId(3, 0);

    function setUp() public {
        prepare();
    }

    /// @dev Another trace root than the other validator's.
    function contestedVerdict() private view returns (IVerdicts.Verdict memory verdict) {
        verdict = verdictOf(3, 0);
        verdict.trace = "another";
    }

    /// @dev Both validators on the first claim, with different trace roots.
    function revealContested() private {
        sealRootBy(2, leafOf(verdictOf(2, 0)));
        sealRootBy(3, leafOf(contestedVerdict()));
        revealAlone(2, verdictOf(2, 0));
        revealAlone(3, contestedVerdict());
    }

    function requireStatus(ClaimId id, IOwnership.PayStatus expected) private view {
        (, IOwnership.PayStatus status) = ownership.verdictPayOf(id);
        require(status == expected, "another status");
    }

    function expectNotClaimable(ClaimId id, IOwnership.PayStatus status) private {
        requireStatus(id, status);
        vm.expectRevert(abi.encodeWithSelector(IOwnership.NotClaimable.selector, id, status));
        claimVerdictSharesOf(id);
    }

    function expectNotForfeitable(ClaimId id, IOwnership.PayStatus status) private {
        requireStatus(id, status);
        vm.expectRevert(abi.encodeWithSelector(IOwnership.NotForfeitable.selector, id, status));
        ownership.forfeitVerdict(id);
    }

    function test_tenth_goesInEqualPartsToTheVerdictsRevealed_andTheRestToSegments() public {
        revealAll();
        require(verdicts.revealedIn(RUN, 1) == 4);
        settle();
        IOwnership.Ledger memory ledger = ownership.ledgerOf(RUN);
        (uint96 perVerdict, uint96 perSegment) = (ledger.accrued / 10 / 4, withoutVerdictPart(ledger.accrued) / 32);
        require(ownership.payPerVerdict(RUN, 1) == perVerdict && ownership.payPerSegment(RUN, 1) == perSegment);
        require(ledger.carry == ledger.accrued - perVerdict * 4 - perSegment * 32);
    }

    function test_tenth_withoutVerdicts_joinsTheNextBudget() public {
        settle();
        IOwnership.Ledger memory ledger = ownership.ledgerOf(RUN);
        require(ownership.payPerVerdict(RUN, 1) == 0 && ledger.carry >= ledger.accrued / 10);
        playRound(2);
        uint96 budget = ownership.curveDown(RUN, 64_000) - ledger.accrued + ledger.carry;
        require(ownership.payPerSegment(RUN, 2) == withoutVerdictPart(budget) / 32);
    }

    function test_verdict_isPaidOnceItIsFinal_andOnce() public {
        revealAll();
        expectNotClaimable(FIRST, IOwnership.PayStatus.UNEARNED);
        settle();
        pass(CHALLENGE_WINDOW - 2);
        expectNotClaimable(FIRST, IOwnership.PayStatus.PENDING);
        pass(1);
        uint96 pay = claimVerdictSharesOf(FIRST);
        require(pay == ownership.payPerVerdict(RUN, 1) && shares().balanceOf(ownerOf(2)) == pay);
        expectNotClaimable(FIRST, IOwnership.PayStatus.PAID);
        expectNotForfeitable(FIRST, IOwnership.PayStatus.PAID);
        ClaimId[] memory ids = new ClaimId[](3);
        (ids[0], ids[1], ids[2]) = (verdictId(2, 1), OTHER, verdictId(3, 1));
        require(ownership.claimVerdictShares(ids) == 3 * pay);
        require(shares().balanceOf(ownerOf(2)) == 2 * pay && shares().balanceOf(ownerOf(3)) == 2 * pay);
    }

    function test_whatIsNoVerdict_earnsNothing() public {
        sealBy(2);
        sealBy(3);
        revealBy(2, 0);
        settle();
        pass(CHALLENGE_WINDOW);
        expectNotClaimable(OTHER, IOwnership.PayStatus.UNEARNED);
        expectNotForfeitable(OTHER, IOwnership.PayStatus.UNEARNED);
        expectNotClaimable(workOf(1, 0), IOwnership.PayStatus.UNEARNED);
        expectNotForfeitable(aggregateOf(1, 1), IOwnership.PayStatus.UNEARNED);
        // The only one takes the whole tenth.
        require(claimVerdictSharesOf(FIRST) == ownership.ledgerOf(RUN).accrued / 10);
    }

    function test_verdict_onARoundThatSettlesUnchanged_isUnpaid() public {
        revealAll();
        pass(AUDIT_WINDOW + AGGREGATE_WINDOW);
        tickAll();
        pass(CHALLENGE_WINDOW);
        require(runs.statusOf(RUN, 1) == IRuns.RoundStatus.SETTLED && claims.isFinal(FIRST));
        expectNotClaimable(FIRST, IOwnership.PayStatus.UNEARNED);
    }

    function test_challengedVerdict_isFrozen_andPaidWhenUpheld() public {
        revealAll();
        challengeBy(0, FIRST);
        settle();
        pass(CHALLENGE_WINDOW);
        expectNotClaimable(FIRST, IOwnership.PayStatus.FROZEN);
        expectNotForfeitable(FIRST, IOwnership.PayStatus.FROZEN);
        // The other one says the same, and does not depend on it.
        claimVerdictSharesOf(OTHER);
        game.uphold(FIRST, ownerOf(0));
        claimVerdictSharesOf(FIRST);
    }

    function test_voidedVerdict_isUnpaid_andItsPartJoinsTheNextBudget_once() public {
        revealAll();
        settle();
        expectNotForfeitable(FIRST, IOwnership.PayStatus.PENDING);
        challengeBy(0, FIRST);
        game.void(FIRST, ownerOf(0));
        expectNotClaimable(FIRST, IOwnership.PayStatus.FORFEITABLE);
        IOwnership.Ledger memory before = ownership.ledgerOf(RUN);
        uint96 part = ownership.payPerVerdict(RUN, 1);
        ownership.forfeitVerdict(FIRST);
        require(ownership.ledgerOf(RUN).carry == before.carry + part);
        expectNotForfeitable(FIRST, IOwnership.PayStatus.FORFEITED);
        expectNotClaimable(FIRST, IOwnership.PayStatus.FORFEITED);
        playRound(2);
        uint96 budget = ownership.curveDown(RUN, 64_000) - before.accrued + before.carry + part;
        require(ownership.payPerSegment(RUN, 2) == withoutVerdictPart(budget) / 32);
        pass(CHALLENGE_WINDOW);
        require(claimVerdictSharesOf(OTHER) == part);
    }

    function test_verdictVoidedBeforeTheRoundIsSettled_countsAmongThoseRevealed() public {
        revealAll();
        challengeBy(0, FIRST);
        game.void(FIRST, ownerOf(0));
        settle();
        require(ownership.payPerVerdict(RUN, 1) == ownership.ledgerOf(RUN).accrued / 10 / 4);
        requireStatus(FIRST, IOwnership.PayStatus.FORFEITABLE);
    }

    function test_verdictsThatDiffer_areUnpaidUntilAGameHasVoidedOne() public {
        revealContested();
        challengeBy(0, OTHER);
        settle();
        pass(CHALLENGE_WINDOW);
        require(claims.isFinal(FIRST));
        expectNotClaimable(FIRST, IOwnership.PayStatus.FROZEN);
        game.void(OTHER, ownerOf(0));
        claimVerdictSharesOf(FIRST);
        ownership.forfeitVerdict(OTHER);
    }

    function test_verdictsThatDiffer_loseTheVoidedOneBeforeTheOtherIsFinal() public {
        revealContested();
        challengeBy(0, OTHER);
        settle();
        game.void(OTHER, ownerOf(0));
        expectNotClaimable(OTHER, IOwnership.PayStatus.FORFEITABLE);
        expectNotClaimable(FIRST, IOwnership.PayStatus.PENDING);
    }

    function test_verdictsThatDiffer_areForfeitedWhenNobodyCanChallengeEither() public {
        sealRootBy(2, leafOf(verdictOf(2, 0)));
        sealRootBy(3, leafOf(contestedVerdict()));
        revealAlone(2, verdictOf(2, 0));
        pass(10);
        revealAlone(3, contestedVerdict());
        settle();
        pass(CHALLENGE_WINDOW - 11);
        require(claims.isFinal(FIRST) && !claims.isFinal(OTHER));
        expectNotForfeitable(FIRST, IOwnership.PayStatus.PENDING);
        pass(10);
        expectNotClaimable(FIRST, IOwnership.PayStatus.FORFEITABLE);
        expectNotClaimable(OTHER, IOwnership.PayStatus.FORFEITABLE);
        ownership.forfeitVerdict(FIRST);
        ownership.forfeitVerdict(OTHER);
        IOwnership.Ledger memory ledger = ownership.ledgerOf(RUN);
        require(ledger.carry + ownership.payPerSegment(RUN, 1) * 32 == ledger.accrued);
    }

    function test_bothVerdictsThatDiffer_mayBeVoided() public {
        revealContested();
        challengeBy(0, FIRST);
        challengeBy(0, OTHER);
        game.void(FIRST, ownerOf(0));
        game.void(OTHER, ownerOf(0));
        settle();
        ownership.forfeitVerdict(FIRST);
        ownership.forfeitVerdict(OTHER);
    }
}

/// @dev The dearest claim: the first shares of a run, and the first of this validator's verdicts on the round.
contract ClaimVerdictSharesGas is VerdictPayFixture, GasFixture {
    function parameters() internal view override(GasFixture, VerdictPayFixture) returns (RunParameters memory) {
        return VerdictPayFixture.parameters();
    }

    function setUp() public {
        prepare();
        revealAll();
        settle();
        pass(CHALLENGE_WINDOW);
    }

    function test_claimVerdictShares_costsAtMost160kForOneVerdict() public {
        ClaimId[] memory ids = new ClaimId[](1);
        ids[0] = verdictId(2, 0);
        bytes memory data = abi.encodeCall(ownership.claimVerdictShares, (ids));
        requireWithin(measure(ownerOf(2), address(ownership), data), 160_000);
        vm.snapshotGasLastCall("claimVerdictShares");
    }
}
