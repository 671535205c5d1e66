// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {IStakeManager} from "../../../contracts/stake/IStakeManager.sol";

/// @dev Keeps a part of every transfer.
contract FeeToken is ERC20("Fee", "FEE") {
    constructor() {
        _mint(msg.sender, 1_000);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0)) super._update(to, address(1), 1);
    }
}

/// @dev Calls the vault back while it transfers.
contract ReentrantToken is ERC20("Reentrant", "RE") {
    IStakeManager private _vault;
    bytes private _call;

    constructor() {
        _mint(msg.sender, 1_000);
    }

    function arm(IStakeManager vault, bytes calldata call_) external {
        _vault = vault;
        _call = call_;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (_call.length == 0) return;
        (bool isOk, bytes memory reason) = address(_vault).call(_call);
        if (isOk) return;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
