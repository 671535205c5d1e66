// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev The cheat codes of the test runner that are used here.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function getBlockNumber() external view returns (uint256);
    function getBlockTimestamp() external view returns (uint256);
    function getCode(string calldata artifact) external view returns (bytes memory);
    function envOr(string calldata name, uint256 otherwise) external view returns (uint256);
    function warp(uint256 timestamp) external;
    function roll(uint256 height) external;
    function fee(uint256 basefee) external;
    function txGasPrice(uint256 price) external;
    function etch(address account, bytes calldata code) external;
    function store(address account, bytes32 slot, bytes32 value) external;
    function deal(address account, uint256 balance) external;
    function prank(address sender) external;
    function expectRevert(bytes calldata reason) external;
    function expectRevert(bytes4 selector) external;
    function expectPartialRevert(bytes4 selector) external;
    function mockCall(address callee, bytes calldata data, bytes calldata answer) external;
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function snapshotState() external returns (uint256);
    function revertToState(uint256 snapshot) external returns (bool);
    function snapshotGasLastCall(string calldata name) external returns (uint256);
    function assume(bool condition) external pure;
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function addr(uint256 key) external pure returns (address);
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
