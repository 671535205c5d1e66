// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOwnership} from "../../contracts/own/IOwnership.sol";
import {ShareToken} from "../../contracts/own/ShareToken.sol";
import {IShareToken} from "../../contracts/own/IShareToken.sol";
import {Curve} from "../../contracts/own/Curve.sol";
import {IRuns} from "../../contracts/run/IRuns.sol";
import {RunMetadata, RunParameters} from "../../contracts/run/RunParameters.sol";
import {ClaimId} from "../../contracts/types/ClaimId.sol";
import {Root} from "../../contracts/types/Root.sol";
import {Fixture} from "./lib/Fixture.sol";
import {vm} from "./lib/Vm.sol";

/// @dev Three miners and a validator (member 3) in round 1; epochs of two rounds; all shares earned after four rounds.
contract OwnershipTest is Fixture {
    uint96 private constant SUPPLY = 1_000_000 ether + 7;

    function setUp() public {
        deploy();
        createRun();
        enlistAll(3, 1);
        openFirstRound();
    }

    function parameters() internal view override returns (RunParameters memory p) {
        p = super.parameters();
        p.shareSupply = SUPPLY;
        p.plannedTokens = 192_000;
    }

    function toFinality() private {
        playRound(3);
        playRound(3);
        pass(CHALLENGE_WINDOW);
        // A round without commits, in which the second one's pay vests.
        tickAll();
    }

    function payStatus(uint256 member, uint32 round) private view returns (IOwnership.PayStatus status) {
        (, status) = ownership.payOf(RUN, round, uint32(member + 1));
    }

    function expectNotClaimable(uint256 member, uint32 round, IOwnership.PayStatus status) private {
        vm.expectRevert(abi.encodeWithSelector(IOwnership.NotClaimable.selector, workOf(round, member), status));
        claimSharesOf(member, round);
    }

    function test_round_givesItsPartOfTheCurveInEqualParts() public {
        playRound(3);
        uint96 budget = ownership.curveDown(RUN, 48_000);
        IOwnership.Ledger memory ledger = ownership.ledgerOf(RUN);
        require(ledger.accrued == budget && ledger.verifiedTokens == 48_000);
        uint96 pay = withoutVerdictPart(budget) / 48;
        require(ownership.payPerSegment(RUN, 1) == pay && ledger.carry == budget - pay * 48);
        playRound(3);
        uint96 second = ownership.curveDown(RUN, 96_000) - budget + ledger.carry;
        require(ownership.payPerSegment(RUN, 2) == withoutVerdictPart(second) / 48);
        // e times less for the last token than for the first: a later round gives less.
        require(second < budget);
    }

    function test_curve_isTheOneOfThePaper() public pure {
        Curve memory curve = Curve(1e18, 1_000_000, 1e18);
        require(curve.sharesDown(0) == 0);
        // (1 - e^(-1/2)) / (1 - e^(-1)) = 0.622459331201854593...
        require(curve.sharesDown(500_000) / 1e3 == 622_459_331_201_854);
        require(curve.sharesDown(1_000_000) == 1e18 && curve.sharesDown(type(uint256).max) == 1e18);
    }

    function testFuzz_curve_neverFallsByMoreThanADigitAndNeverPassesTheSupply(
        uint96 supply,
        uint64 planned,
        uint64 lambda,
        uint64 tokens
    ) public pure {
        vm.assume(supply != 0 && planned != 0);
        lambda = 0.01e18 + (lambda % 9.99e18);
        Curve memory curve = Curve(supply, planned, lambda);
        tokens = tokens % planned;
        uint96 here = curve.sharesDown(tokens);
        uint96 next = curve.sharesDown(tokens + 1);
        // expWad errs by at most one unit of 1e-18 of the supply, over 1 - e^(-lambda) >= 0.0099.
        require(uint256(next) + supply / 1e15 + 1 >= here && next <= supply && here <= supply);
    }

    function test_claimShares_beforeFinality_reverts_andAtItPays() public {
        playRound(3);
        expectNotClaimable(0, 1, IOwnership.PayStatus.PENDING);
        playRound(3);
        pass(CHALLENGE_WINDOW - 1);
        expectNotClaimable(0, 1, IOwnership.PayStatus.PENDING);
        pass(1);
        uint96 pay = claimSharesOf(0, 1);
        require(shares().balanceOf(ownerOf(0)) == pay && pay == payPerRound(1));
    }

    function test_claimShares_twice_reverts() public {
        toFinality();
        claimSharesOf(0, 1);
        expectNotClaimable(0, 1, IOwnership.PayStatus.PAID);
        uint32[] memory rounds = new uint32[](2);
        (rounds[0], rounds[1]) = (2, 2);
        vm.expectRevert(
            abi.encodeWithSelector(IOwnership.NotClaimable.selector, workOf(2, 0), IOwnership.PayStatus.PAID)
        );
        ownership.claimShares(RUN, 1, rounds);
    }

    function test_claimShares_ofARoundNotAccepted_reverts() public {
        commitAll(3);
        auditWith(5);
        aggregateBy(0, 5, Root.wrap("two of three"));
        pass(CHALLENGE_WINDOW);
        tickAll();
        playRound(3);
        pass(CHALLENGE_WINDOW);
        tickAll();
        expectNotClaimable(1, 1, IOwnership.PayStatus.UNEARNED);
        expectNotClaimable(0, 0, IOwnership.PayStatus.UNEARNED);
        expectNotClaimable(0, 3, IOwnership.PayStatus.UNEARNED);
        claimSharesOf(1, 2);
        require(ownership.ledgerOf(RUN).verifiedTokens == 80_000);
    }

    function test_claimShares_forTheLaterTenantOfAnIndex_reverts() public {
        vm.prank(ownerOf(0));
        runs.leave(RUN);
        playRound(3);
        enlist(4, IRuns.Role.MINER);
        require(runs.seatOf(RUN, 5).index == 0);
        pass(COMMIT_WINDOW);
        tickAll();
        pass(CHALLENGE_WINDOW);
        expectNotClaimable(4, 1, IOwnership.PayStatus.UNEARNED);
        claimSharesOf(0, 1);
    }

    function test_challengedAfterSettling_isFrozen_andPaidWhenUpheld() public {
        playRound(3);
        challengeBy(3, workOf(1, 0));
        playRound(3);
        pass(CHALLENGE_WINDOW);
        tickAll();
        expectNotClaimable(0, 1, IOwnership.PayStatus.FROZEN);
        // What it did later in the epoch was built on it.
        expectNotClaimable(0, 2, IOwnership.PayStatus.FROZEN);
        claimSharesOf(1, 1);
        game.uphold(workOf(1, 0), ownerOf(3));
        claimSharesOf(0, 1);
        claimSharesOf(0, 2);
    }

    function test_challengedBeforeTheAggregate_breaksNoChain() public {
        commitAll(3);
        challengeBy(3, workOf(1, 0));
        audit();
        aggregateBy(0, 6, Root.wrap("without it"));
        pass(CHALLENGE_WINDOW);
        tickAll();
        playRound(3);
        pass(CHALLENGE_WINDOW);
        tickAll();
        expectNotClaimable(0, 1, IOwnership.PayStatus.UNEARNED);
        // It had not vested when the seat was challenged, and waits for the verdict; it was not built on that work.
        expectNotClaimable(0, 2, IOwnership.PayStatus.FROZEN);
        game.uphold(workOf(1, 0), ownerOf(3));
        claimSharesOf(0, 2);
    }

    function test_voidedPay_joinsTheNextBudget_once() public {
        playRound(3);
        challengeBy(3, workOf(1, 0));
        ClaimId voided = workOf(1, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IOwnership.NotForfeitable.selector, voided, IOwnership.PayStatus.FROZEN)
        );
        ownership.forfeit(voided);
        game.void(voided, ownerOf(3));
        uint96 carry = ownership.ledgerOf(RUN).carry;
        uint96 pay = payPerRound(1);
        expectNotClaimable(0, 1, IOwnership.PayStatus.FORFEITABLE);
        ownership.forfeit(voided);
        require(ownership.ledgerOf(RUN).carry == carry + pay);
        vm.expectRevert(
            abi.encodeWithSelector(IOwnership.NotForfeitable.selector, voided, IOwnership.PayStatus.FORFEITED)
        );
        ownership.forfeit(voided);
        expectNotClaimable(0, 1, IOwnership.PayStatus.FORFEITED);

        uint96 accrued = ownership.ledgerOf(RUN).accrued;
        playRound(3);
        uint96 budget = ownership.ledgerOf(RUN).accrued - accrued + carry + pay;
        require(ownership.payPerSegment(RUN, 2) == withoutVerdictPart(budget) / 48);
    }

    function test_workBuiltOnVoidedWork_isUnpaid_andNotSlashed() public {
        playRound(3);
        playRound(3);
        challengeBy(3, workOf(1, 0));
        game.void(workOf(1, 0), ownerOf(3));
        pass(CHALLENGE_WINDOW);
        expectNotClaimable(0, 2, IOwnership.PayStatus.FORFEITABLE);
        ownership.forfeit(workOf(2, 0));
        claims.release(workOf(2, 0));
        // Round 3 has passed without commits; it begins the next epoch, which starts from zero.
        tickAll();
        playRound(3);
        pass(CHALLENGE_WINDOW);
        tickAll();
        claimSharesOf(0, 4);
    }

    function test_forfeit_ofAnAggregate_reverts() public {
        toFinality();
        ClaimId id = aggregateOf(1, 1);
        vm.expectPartialRevert(IOwnership.NotForfeitable.selector);
        ownership.forfeit(id);
    }

    function test_allShares_areTheSupply() public {
        for (uint256 i = 0; i < 6; ++i) playRound(3);
        pass(CHALLENGE_WINDOW);
        tickAll();
        for (uint32 round = 1; round <= 6; ++round) {
            for (uint256 member = 0; member < 3; ++member) claimSharesOf(member, round);
        }
        IOwnership.Ledger memory ledger = ownership.ledgerOf(RUN);
        require(ledger.verifiedTokens == 192_000 && ledger.accrued == SUPPLY);
        require(shares().totalSupply() + ledger.carry == SUPPLY);
        // Nobody has given a verdict: of what is carried, each round gives nine tenths away.
        require(ledger.carry < SUPPLY / 500);
    }

    function test_openEnrollAccrue_byAnyoneButRuns_revert() public {
        bytes memory reason = abi.encodeWithSelector(IOwnership.NotRuns.selector, address(this), address(runs));
        RunMetadata memory names = metadata();
        RunParameters memory p = parameters();
        vm.expectRevert(reason);
        ownership.open(2, p, names);
        vm.expectRevert(reason);
        ownership.enroll(RUN, 1);
        vm.expectRevert(reason);
        ownership.accrue(RUN, 1, 1, 1);
        vm.expectRevert(reason);
        ownership.onFrozen(workOf(1, 0), 1);
        vm.expectRevert(reason);
        ownership.onRestored(workOf(1, 0));
        vm.expectRevert(reason);
        ownership.onVoided(workOf(1, 0), 1);
    }

    function test_mint_byAnyoneButOwnership_orPastTheCap_reverts() public {
        IShareToken token_ = IShareToken(address(shares()));
        vm.expectRevert(abi.encodeWithSelector(IShareToken.NotOwnership.selector, address(this), address(ownership)));
        token_.mint(address(this), 1);
        vm.expectRevert(abi.encodeWithSelector(IShareToken.CapExceeded.selector, uint256(SUPPLY) + 1, SUPPLY));
        vm.prank(address(ownership));
        token_.mint(address(this), uint256(SUPPLY) + 1);
        vm.prank(address(ownership));
        token_.mint(address(this), SUPPLY);
    }

    function test_shares_voteWhenDelegated() public {
        toFinality();
        uint96 pay = claimSharesOf(0, 1);
        ShareToken token_ = shares();
        vm.prank(ownerOf(0));
        token_.delegate(ownerOf(0));
        require(token_.getVotes(ownerOf(0)) == pay);
        pass(1);
        require(token_.getPastTotalSupply(vm.getBlockTimestamp() - 1) == pay);
    }
}
