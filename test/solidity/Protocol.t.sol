// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Duration} from "../../contracts/types/Time.sol";
import {IOwnership} from "../../contracts/own/IOwnership.sol";
import {Fixture} from "./lib/Fixture.sol";
import {vm} from "./lib/Vm.sol";

/// @dev A protocol whose parts have been created.
contract ProtocolTest is Fixture {
    function setUp() public {
        deploy();
    }

    function test_parts_areWhereTheFactoriesSaid_andKnowTheOthers() public view {
        address[7] memory parts = [
            address(stake),
            address(claims),
            address(runs),
            address(availability),
            address(verdicts),
            address(ownership),
            address(receipts)
        ];
        for (uint256 i = 0; i < parts.length; ++i) require(parts[i].code.length != 0, "a part is missing");
        require(address(game) == claims.game() && address(game).code.length != 0, "another game");
        require(availability.claims() == parts[1] && verdicts.runs() == parts[2] && ownership.runs() == parts[2]);
        require(receipts.claims() == parts[1] && claims.receipts() == parts[6]);
        require(runs.availability() == parts[3] && claims.verdicts() == parts[4] && runs.ownership() == parts[5]);
    }

    function test_parts_createdAgain_byAnyone_areTheSame() public {
        createRun();
        vm.prank(address(0xbad));
        createParts(address(game));
        require(ownership.shareTokenOf(RUN) != address(0), "what was there is gone");
    }

    function test_parts_withOtherArguments_areElsewhere() public {
        address elsewhere = factories.ownership.create(address(this), address(verdicts));
        require(elsewhere == factories.ownership.addressOf(address(this), address(verdicts)));
        require(elsewhere != address(ownership) && IOwnership(elsewhere).runs() == address(this));
        (address s, address c, address r) = (address(stake), address(claims), address(runs));
        require(factories.verdicts.create(s, r, c) != address(verdicts));
        require(factories.availability.create(s, r, c) != address(availability));
        require(factories.receipts.create(s, r, c) != address(receipts));
        address v = address(verdicts);
        require(factories.game.create(s, r, c, v, Duration.wrap(CLOCK)) != address(game));
    }
}
