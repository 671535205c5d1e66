// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Holding, OwnersPart, UNIT} from "../../../contracts/credit/OwnersPart.sol";

contract OwnersPartTest {
    uint256 private constant LARGEST = type(uint64).max;

    OwnersPart private _part;
    Holding private _one;
    Holding private _other;

    function test_remainder_isCarried_andLessThanOneOfThePrecisionForEachShare() public {
        _part.register(_one, 7);
        for (uint256 i = 1; i <= 7; ++i) {
            _part.distribute(1);
            require(_part.perShare == (i * UNIT) / 7 && _part.remainder == (i * UNIT) % 7, "not carried");
        }
        require(_part.remainder == 0 && _part.earnedDown(_one) == 7 * UNIT, "not exact");
    }

    function test_moved_sharesTakeNoPastAlong() public {
        _part.register(_one, 5);
        _part.distribute(10);
        _part.settleDown(_one);
        _part.settleDown(_other);
        _one.moveTo(_other, 5);
        _part.distribute(10);
        require(_part.earnedDown(_one) == 10 * UNIT && _part.earnedDown(_other) == 10 * UNIT, "past changed");
    }

    function test_accumulator_comesAround_andEarningsStayRight() public {
        _part.perShare = type(uint160).max - 1;
        _part.settleDown(_one);
        _part.register(_one, 3);
        _part.distribute(9);
        require(_part.perShare < 4 * UNIT && _part.earnedDown(_one) == 9 * UNIT, "not right");
    }

    function test_largestAmounts_fit() public {
        _part.register(_one, type(uint96).max);
        _part.distribute(LARGEST);
        uint256 earned = _part.earnedDown(_one);
        require(earned + _part.remainder == LARGEST * UNIT, "lost");
        _part.distribute(LARGEST);
        require(_part.earnedDown(_one) + _part.remainder == 2 * LARGEST * UNIT, "lost");
    }
}
