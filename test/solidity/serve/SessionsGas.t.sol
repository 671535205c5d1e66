// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {ISessions} from "../../../contracts/serve/ISessions.sol";
import {SessionFixture} from "../lib/SessionFixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev One voucher of each of 50 sessions that have been drawn from before, and one of a session that has not.
contract SessionsGas is SessionFixture {
    ISessions.Voucher[] private _batch;

    function setUp() public {
        deploySessions();
        for (uint256 i = 1; i <= 50; ++i) {
            welcome(i);
            uint64 session = openBy(i, 1e6);
            sessions.settle(address(credits), one(voucher(i, session, route, 1_003)));
            _batch.push(voucher(i, session, route, 2_007));
        }
    }

    function requireWithin(ISessions.Voucher[] memory batch, uint256 budget) private {
        bytes memory data = abi.encodeCall(sessions.settle, (address(credits), batch));
        // The called account of a transaction is warm.
        require(address(sessions).code.length != 0, "nobody there");
        uint256 before = gasleft();
        (bool isOk, ) = address(sessions).call(data);
        uint256 used = before - gasleft() + 21_000;
        require(isOk, "call failed");
        for (uint256 i = 0; i < data.length; ++i) used += data[i] == 0 ? 4 : 16;
        used /= batch.length;
        require(used <= budget, string.concat("gas over budget: ", Strings.toString(used)));
    }

    function test_settle_costsAtMost18kForEachOf50Vouchers() public {
        requireWithin(_batch, 18_000);
        vm.snapshotGasLastCall("settle 50 vouchers");
    }

    function test_settle_costsAtMost90kForOneVoucher() public {
        requireWithin(one(_batch[0]), 90_000);
        vm.snapshotGasLastCall("settle 1 voucher");
    }
}
