// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {DevelopmentToken} from "../../../contracts/dev/DevelopmentToken.sol";
import {IMarket} from "../../../contracts/credit/IMarket.sol";
import {IStakeManager} from "../../../contracts/stake/IStakeManager.sol";
import {CreditFixture} from "../lib/CreditFixture.sol";
import {FeeToken, ReentrantToken} from "../lib/HostileTokens.sol";
import {vm} from "../lib/Vm.sol";

/// @dev Holder 1 sells at 2 wei a credit, holder 2 at 5; holder 3 buys.
contract MarketTest is CreditFixture {
    uint64 private constant CREDIT = 1e6;

    IMarket private _market;
    DevelopmentToken private _weth;
    uint256 private _cheap;
    uint256 private _dear;

    function setUp() public {
        deployCredits();
        _market = IMarket(create("credit/Market.sol:Market", ""));
        _weth = DevelopmentToken(payable(create("dev/DevelopmentToken.sol:DevelopmentToken", "")));
        for (uint256 i = 1; i <= 2; ++i) {
            endow(i, CAP / 1_000);
            vm.prank(holder(i));
            credits.approve(address(_market), type(uint256).max);
        }
        _cheap = placeBy(1, 10 * CREDIT, 2);
        _dear = placeBy(2, 10 * CREDIT, 5);
        vm.deal(address(this), 1_000);
        _weth.deposit{value: 1_000}();
        _weth.transfer(holder(3), 1_000);
        vm.prank(holder(3));
        _weth.approve(address(_market), type(uint256).max);
    }

    function placeBy(uint256 seller, uint64 amount, uint128 price) private returns (uint256) {
        vm.prank(holder(seller));
        return _market.place(address(credits), address(_weth), amount, price);
    }

    function both() private view returns (uint256[] memory orders) {
        orders = new uint256[](2);
        (orders[0], orders[1]) = (_cheap, _dear);
    }

    function takeBy(uint256 buyer, uint64 amount, uint256 maxCost) private returns (uint256) {
        uint256[] memory orders = both();
        vm.prank(holder(buyer));
        return _market.take(orders, address(credits), address(_weth), amount, maxCost);
    }

    function left(uint256 order) private view returns (uint64) {
        return _market.orderOf(order).left;
    }

    function requireEscrowed(uint64 amount, uint256 proceeds) private view {
        require(credits.balanceOf(address(_market)) == amount, "credits are not what is left");
        require(_weth.balanceOf(address(_market)) == proceeds, "payments are not the proceeds");
        require(credits.totalSupply() + credits.pooled() == SUPPLY, "not conserved");
    }

    function test_place_putsCreditsInEscrow_andNothingIsNoOrder() public {
        IMarket.Order memory order = _market.orderOf(_cheap);
        require(order.seller == holder(1) && order.left == 10 * CREDIT && order.price == 2, "another order");
        requireEscrowed(20 * CREDIT, 0);
        vm.expectRevert(IMarket.EmptyOrder.selector);
        placeNothing();
        placeBy(1, 1, 0);
    }

    function placeNothing() private {
        _market.place(address(credits), address(_weth), 0, 1);
    }

    function test_take_fillsInOrder_andTheLastInPart() public {
        (uint256 quoted, uint64 offered) = _market.quoteUp(both(), address(credits), address(_weth), 12 * CREDIT);
        require(takeBy(3, 12 * CREDIT, 30) == 30 && quoted == 30 && offered == 12 * CREDIT, "another cost");
        require(credits.balanceOf(holder(3)) == 12 * CREDIT && _weth.balanceOf(holder(3)) == 970, "not exchanged");
        require(left(_cheap) == 0 && left(_dear) == 8 * CREDIT, "not in order");
        require(_market.proceedsOf(holder(1), address(_weth)) == 20, "not for the seller");
        require(_market.proceedsOf(holder(2), address(_weth)) == 10, "not for the seller");
        requireEscrowed(8 * CREDIT, 30);
    }

    function test_take_roundsEachPartUp() public {
        require(takeBy(3, 1, 1) == 1, "for nothing");
        require(takeBy(3, CREDIT, 3) == 2, "exact");
        require(takeBy(3, CREDIT + 1, 3) == 3, "rounded down");
    }

    function test_take_dearerThanTheBound_reverts_andAtItBuys() public {
        vm.expectRevert(abi.encodeWithSelector(IMarket.TooDear.selector, uint256(30), uint256(29)));
        takeBy(3, 12 * CREDIT, 29);
        takeBy(3, 12 * CREDIT, 30);
    }

    /// @dev Somebody else was faster: the buyer gets all, or pays nothing.
    function test_take_moreThanIsLeft_reverts_andAllBuys() public {
        takeBy(3, 5 * CREDIT, 100);
        bytes4 selector = IMarket.TooFewOffered.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, 15 * CREDIT + 1, 15 * CREDIT));
        takeBy(3, 15 * CREDIT + 1, 1_000);
        takeBy(3, 15 * CREDIT, 1_000);
        requireEscrowed(0, 70);
    }

    function test_take_passesOverOrdersThatAreGone_orOfOtherTokens() public {
        vm.prank(holder(1));
        _market.cancel(_cheap);
        vm.prank(holder(1));
        _cheap = _market.place(address(credits), address(credits), CREDIT, 0);
        require(takeBy(3, CREDIT, 5) == 5, "another order");
        vm.prank(holder(2));
        _cheap = _market.place(address(credits), address(credits), CREDIT, 0);
        require(takeBy(3, CREDIT, 5) == 5 && left(_cheap) == CREDIT, "another order");
    }

    function test_cancel_givesTheRestBack_once() public {
        takeBy(3, CREDIT, 2);
        uint256 before = credits.balanceOf(holder(1));
        vm.prank(holder(2));
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotSeller.selector, holder(2), holder(1)));
        _market.cancel(_cheap);
        vm.prank(holder(1));
        _market.cancel(_cheap);
        require(credits.balanceOf(holder(1)) == before + 9 * CREDIT, "not given back");
        requireEscrowed(10 * CREDIT, 2);
        vm.prank(holder(1));
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotSeller.selector, holder(1), address(0)));
        _market.cancel(_cheap);
    }

    function test_withdraw_paysWhatWasEarned_once() public {
        takeBy(3, 12 * CREDIT, 30);
        vm.prank(holder(1));
        require(_market.withdraw(address(_weth)) == 20 && _weth.balanceOf(holder(1)) == 20, "not paid");
        vm.prank(holder(1));
        require(_market.withdraw(address(_weth)) == 0, "paid twice");
        requireEscrowed(8 * CREDIT, 10);
    }

    function test_paymentThatKeepsAFee_isRefused() public {
        FeeToken fee = new FeeToken();
        vm.prank(holder(1));
        _market.place(address(credits), address(fee), CREDIT, 100);
        uint256[] memory orders = new uint256[](1);
        orders[0] = _dear + 1;
        fee.approve(address(_market), 1_000);
        vm.expectRevert(abi.encodeWithSelector(IMarket.TransferMismatch.selector, uint256(99), uint256(100)));
        _market.take(orders, address(credits), address(fee), CREDIT, 1_000);
    }

    function test_paymentThatCallsBack_findsTheMarketShut() public {
        ReentrantToken hostile = new ReentrantToken();
        vm.prank(holder(1));
        uint256 order = _market.place(address(credits), address(hostile), CREDIT, 100);
        uint256[] memory orders = new uint256[](1);
        orders[0] = order;
        hostile.approve(address(_market), 1_000);
        bytes[4] memory calls = [
            abi.encodeCall(_market.place, (address(hostile), address(hostile), 1, 1)),
            abi.encodeCall(_market.take, (orders, address(credits), address(hostile), 1, 1_000)),
            abi.encodeCall(_market.cancel, (order)),
            abi.encodeCall(_market.withdraw, (address(hostile)))
        ];
        for (uint256 i = 0; i < 4; ++i) {
            hostile.arm(IStakeManager(address(_market)), calls[i]);
            vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
            _market.take(orders, address(credits), address(hostile), 1, 1_000);
        }
    }
}
