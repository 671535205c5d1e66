// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICredits} from "../../../contracts/credit/ICredits.sol";
import {IRoyalties} from "../../../contracts/credit/IRoyalties.sol";
import {RoyaltyFixture} from "../lib/RoyaltyFixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev Holder 1 has a quarter of the parent's shares, holder 2 a half; a quarter is not minted yet. Run 2 is its child.
contract RoyaltiesTest is RoyaltyFixture {
    uint64 private constant CHILD = 2;
    /// @dev What the pool's shares brought along when they were registered.
    uint64 private constant FIRST = SUPPLY / 10;

    ICredits private _child;

    function setUp() public {
        deployParent();
        endow(1, CAP / 4);
        endow(2, CAP / 2);
        _child = createChild(CHILD, address(credits));
    }

    function requirePaid(uint256 number, uint256 amount) private view {
        require(_child.balanceOf(holder(number)) == amount, "paid another amount");
    }

    function test_distribute_givesAllThatThePoolHasEarned_toTheSharesThatEarn() public {
        require(credits.distribute(CHILD) == 1 && credits.royaltyCount() == 1, "another number");
        IRoyalties.Royalty memory royalty = credits.royaltyOf(1);
        require(royalty.credits == address(_child) && royalty.amount == FIRST, "another royalty");
        require(royalty.shares == (CAP * 3) / 4, "for other shares");
        require(credits.claimableRoyaltyDown(holder(1), 1) == FIRST / 3, "not seen");
        claimRoyalty(1, 1);
        claimRoyalty(2, 1);
        requirePaid(1, FIRST / 3);
        requirePaid(2, (uint256(FIRST) * 2) / 3);
        require(credits.claimableRoyaltyDown(holder(1), 1) == 0, "still claimable");
    }

    function test_distribute_whenNothingCame_reverts_andOneUnitIsEnough() public {
        credits.distribute(CHILD);
        vm.expectRevert(abi.encodeWithSelector(IRoyalties.NothingReceived.selector, CHILD));
        credits.distribute(CHILD);
        give(CHILD, 1);
        require(credits.distribute(CHILD) == 2 && credits.royaltyOf(2).amount == 1, "another royalty");
    }

    function test_distribute_ofARunThatIsNot_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IRoyalties.UnknownRun.selector, uint64(3)));
        credits.distribute(3);
        createChild(3, address(credits));
        credits.distribute(3);
    }

    function test_distribute_beforeAnySharesEarn_reverts() public {
        deployParent();
        createChild(CHILD, address(credits));
        shares.mint(holder(1), 1);
        vm.expectRevert(IRoyalties.NoSharesEarn.selector);
        credits.distribute(CHILD);
        credits.register(holder(1));
        credits.distribute(CHILD);
        require(credits.royaltyOf(1).shares == 1, "for other shares");
    }

    /// @dev By whoever claims for it, or gives it some.
    function test_creditsThatCameAnotherWay_areDistributedToo_once() public {
        _child.claim(address(credits));
        give(CHILD, 5);
        credits.distribute(CHILD);
        require(credits.royaltyOf(1).amount == FIRST + 5, "left out");
        claimRoyalty(1, 1);
        vm.expectRevert(abi.encodeWithSelector(IRoyalties.NothingReceived.selector, CHILD));
        credits.distribute(CHILD);
    }

    function test_claimRoyalties_twice_reverts() public {
        credits.distribute(CHILD);
        claimRoyalty(1, 1);
        vm.expectRevert(abi.encodeWithSelector(IRoyalties.RoyaltyClaimed.selector, holder(1), uint32(1)));
        claimRoyalty(1, 1);
        uint32[] memory numbers = new uint32[](2);
        (numbers[0], numbers[1]) = (1, 1);
        vm.expectRevert(abi.encodeWithSelector(IRoyalties.RoyaltyClaimed.selector, holder(2), uint32(1)));
        credits.claimRoyalties(holder(2), numbers);
        claimRoyalty(2, 1);
    }

    function test_claimRoyalties_ofANumberThatIsNot_reverts() public {
        credits.distribute(CHILD);
        vm.expectRevert(abi.encodeWithSelector(IRoyalties.UnknownRoyalty.selector, uint32(0), uint32(1)));
        claimRoyalty(1, 0);
        vm.expectRevert(abi.encodeWithSelector(IRoyalties.UnknownRoyalty.selector, uint32(2), uint32(1)));
        claimRoyalty(1, 2);
        require(credits.claimableRoyaltyDown(holder(1), 2) == 0, "something for nothing");
        claimRoyalty(1, 1);
    }

    function test_transfer_afterADistribution_takesNoneOfItAlong() public {
        credits.distribute(CHILD);
        transferBy(1, 3, CAP / 4);
        transferBy(2, 1, CAP / 8);
        transferBy(3, 3, CAP / 8);
        for (uint256 i = 1; i <= 3; ++i) claimRoyalty(i, 1);
        requirePaid(1, FIRST / 3);
        requirePaid(2, (uint256(FIRST) * 2) / 3);
        requirePaid(3, 0);
    }

    function test_nextRoyalty_goesToWhoHasTheSharesThen() public {
        credits.distribute(CHILD);
        transferBy(1, 3, CAP / 4);
        transferBy(3, 1, CAP / 8);
        spendOfChild(CHILD, 100_000);
        credits.distribute(CHILD);
        transferBy(3, 1, CAP / 8);
        require(credits.royaltyOf(2).amount == 5_700, "another royalty");
        uint96[3] memory had = [CAP / 8, CAP / 2, CAP / 8];
        for (uint256 i = 1; i <= 3; ++i) {
            require(credits.sharesAt(holder(i), 2) == had[i - 1], "for other shares");
            require(credits.claimableRoyaltyDown(holder(i), 2) == (uint256(5_700) * had[i - 1] * 4) / CAP / 3, "part");
        }
        require(credits.sharesAt(holder(1), 1) == CAP / 4 && credits.sharesAt(holder(3), 1) == 0, "past changed");
    }

    function test_mintedShares_countOnceTheyAreRegistered() public {
        shares.mint(holder(3), CAP / 4);
        credits.distribute(CHILD);
        credits.register(holder(3));
        spendOfChild(CHILD, 100_000);
        credits.distribute(CHILD);
        claimRoyalty(3, 1);
        requirePaid(3, 0);
        claimRoyalty(3, 2);
        requirePaid(3, 5_700 / 4);
    }

    function test_fractions_areKept() public {
        for (uint32 number = 1; number <= 3; ++number) {
            give(CHILD, number == 1 ? 100 : 1);
            credits.distribute(CHILD);
        }
        // A third of each, of which two are less than a unit.
        uint256 whole = uint256(FIRST) + 102;
        for (uint32 number = 1; number <= 3; ++number) claimRoyalty(1, number);
        requirePaid(1, whole / 3);
        for (uint32 number = 3; number >= 1; --number) claimRoyalty(2, number);
        requirePaid(2, (whole * 2) / 3);
        require(_child.balanceOf(address(credits)) == 1, "more is left than two fractions");
    }

    /// @dev Run 3 starts from a state of run 2, which run 1 has shares of.
    function test_grandchildsCredits_reachTheOwnersThroughTheChildsPool() public {
        ICredits grandchild = createChild(3, address(_child));
        _child.distribute(3);
        uint32[] memory numbers = new uint32[](1);
        numbers[0] = 1;
        _child.claimRoyalties(address(credits), numbers);
        require(grandchild.balanceOf(address(credits)) == FIRST / 10, "not paid");
        credits.distribute(3);
        claimRoyalty(1, 1);
        require(grandchild.balanceOf(holder(1)) == FIRST / 30, "not passed on");
    }

    /// @dev Shares that the pool has of its own run.
    function test_poolsOwnShares_giveTheirCreditsToTheOthers() public {
        vm.prank(holder(2));
        shares.transfer(address(credits), CAP / 4);
        spendBy(1, 3_000_000, SERVER);
        uint256 pools = credits.claimableDown(address(credits));
        require(credits.distribute(1) == 1 && credits.royaltyOf(1).amount == pools, "another royalty");
        uint256 before = credits.balanceOf(holder(1));
        claimRoyalty(1, 1);
        require(credits.balanceOf(holder(1)) == before + pools / 3, "another part");
        require(credits.totalSupply() + credits.pooled() == SUPPLY, "not conserved");
    }

    function test_runWithoutRoyalties_keepsNothingOfTransfers() public {
        transferBy(1, 2, CAP / 8);
        transferBy(2, 1, CAP / 8);
        require(credits.royaltyCount() == 0 && credits.sharesAt(holder(1), 1) == CAP / 4, "kept");
    }
}
