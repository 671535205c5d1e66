// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRoutes} from "../../../contracts/serve/IRoutes.sol";
import {SessionFixture} from "../lib/SessionFixture.sol";
import {vm} from "../lib/Vm.sol";

contract RoutesTest is SessionFixture {
    uint64 private _session;

    function setUp() public {
        deploySessions();
        welcome(1);
        _session = openBy(1, 1e6);
    }

    function earn(uint48 drawn) private {
        sessions.settle(address(credits), one(voucher(1, _session, route, drawn)));
    }

    function test_registerRoute_takesWeightsOfTheWhole_andNoOthers() public {
        IRoutes.Payee[] memory list = payees();
        for (uint32 weight = 699_999; weight <= 700_001; weight += 2) {
            list[1].weight = weight;
            bytes4 selector = IRoutes.WeightsNotWhole.selector;
            vm.expectRevert(abi.encodeWithSelector(selector, uint256(300_000) + weight, uint256(1e6)));
            sessions.registerRoute(list);
        }
        list[1].weight = 700_000;
        require(sessions.registerRoute(list) == route + 1, "not the next one");
        require(sessions.routeHashOf(route + 1) == keccak256(abi.encode(list)), "another hash");
    }

    function test_pull_paysEachByWeight_once() public {
        earn(1_000);
        require(sessions.pull(address(credits), route, payees(), 0) == 129, "not 30% of 430");
        require(sessions.pull(address(credits), route, payees(), 0) == 0, "paid twice");
        require(sessions.pull(address(credits), route, payees(), 1) == 301, "not 70% of 430");
        require(credits.balanceOf(SERVER) == 129 && credits.balanceOf(OTHER_SERVER) == 301, "not paid");
        earn(2_000);
        require(sessions.pull(address(credits), route, payees(), 1) == 301, "not what is new");
        require(sessions.pulledOf(address(credits), route, 1) == 602, "not counted");
    }

    function test_pull_withOtherPayees_reverts() public {
        earn(1_000);
        IRoutes.Payee[] memory list = payees();
        (list[0].account, list[1].account) = (list[1].account, list[0].account);
        bytes32 hash = keccak256(abi.encode(list));
        bytes32 registered = sessions.routeHashOf(route);
        vm.expectRevert(abi.encodeWithSelector(IRoutes.NotTheRoute.selector, route, hash, registered));
        sessions.pull(address(credits), route, list, 0);
    }

    function test_everyAmount_canBePulled_howeverItIsRounded() public {
        for (uint48 drawn = 1; drawn <= 60; ++drawn) earn(drawn);
        for (uint256 i = 0; i < 2; ++i) sessions.pull(address(credits), route, payees(), i);
        earn(101);
        for (uint256 i = 0; i < 2; ++i) sessions.pull(address(credits), route, payees(), i);
        require(credits.balanceOf(SERVER) + credits.balanceOf(OTHER_SERVER) <= 43, "more than the part");
    }
}
