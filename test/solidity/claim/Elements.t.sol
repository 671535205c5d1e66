// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {F32, I32, I8, U32} from "../../../contracts/claim/referee/Geometry.sol";
import {Elements} from "../../../contracts/claim/rules/Elements.sol";

/// @dev What the bytes of an opened leaf say, and what a tensor may hold.
contract ElementsTest {
    function bitsAt(uint8 dtype, bytes calldata data, uint256 element) external pure returns (uint32) {
        return Elements.bitsAt(dtype, data, element);
    }

    function test_words_areLittleEndian() public view {
        require(this.bitsAt(F32, hex"00000000010203ff", 1) == 0xff030201);
        require(this.bitsAt(I32, hex"00000000feffffff", 1) == 0xfffffffe);
        require(this.bitsAt(U32, hex"78563412", 0) == 0x12345678);
    }

    function test_bytes_areSignExtended() public view {
        require(this.bitsAt(I8, hex"017f81", 1) == 127);
        require(this.bitsAt(I8, hex"017f81", 2) == 0xffffff81);
    }

    function test_binary32_isFinite_andNoMinusZero() public pure {
        require(Elements.isEncoding(F32, 0) && Elements.isEncoding(F32, 0x7f7fffff));
        require(Elements.isEncoding(F32, 0xff7fffff) && Elements.isEncoding(F32, 0x80000001));
        require(!Elements.isEncoding(F32, 0x80000000) && !Elements.isEncoding(F32, 0x7f800000));
        require(!Elements.isEncoding(F32, 0xff800000) && !Elements.isEncoding(F32, 0x7fc00001));
    }

    function test_i8_isNeverMinus128() public pure {
        require(Elements.isEncoding(I8, 0xffffff81) && Elements.isEncoding(I8, 127));
        require(!Elements.isEncoding(I8, 0xffffff80));
    }

    function test_u32_isBelow2To31_andAnyI32Is() public pure {
        require(Elements.isEncoding(U32, 0x7fffffff) && !Elements.isEncoding(U32, 0x80000000));
        require(Elements.isEncoding(I32, 0x7fffffff) && Elements.isEncoding(I32, 0x80000000));
        require(Elements.isEncoding(I32, 0x7f800000));
    }
}
